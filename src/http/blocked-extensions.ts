/** Files that a double click runs (contract, section 5.3). Receiving blocks nothing. */
const BLOCKED: ReadonlySet<string> = new Set(
  (
    'adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its js jse ksh lib lnk mad maf mag ' +
    'mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh msh1 msh1xml msh2 msh2xml mshxml msi msp mst ops pcd ' +
    'pif plg prf prg ps1 ps1xml ps2 ps2xml psc1 psc2 reg scf scr sct shb shs sys tmp url vb vbe vbs vps vsmacros vss vst ' +
    'vsw vxd ws wsc wsf wsh xnk'
  ).split(' '),
);

/** The last extension of a name when it is a blocked one, else null. Windows drops dots and blanks at the end of a name. */
export function blockedExtension(filename: string): string | null {
  // Windows takes a colon for the beginning of a stream's name: `a.exe::$DATA` is saved as `a.exe`.
  const colon = filename.indexOf(':');
  let end = colon === -1 ? filename.length : colon;
  while (end > 0 && (filename[end - 1] === '.' || filename[end - 1] === ' ')) end -= 1;
  const dot = filename.lastIndexOf('.', end - 1);
  if (dot === -1) return null;
  const extension = filename.slice(dot + 1, end).toLowerCase();
  return BLOCKED.has(extension) ? extension : null;
}
