/**
 * The labels of the Encoding standard (§4.2) by the decoder that they name, without punctuation and in lower case. A runtime that is
 * asked for a label it does not know makes an error with a stack: the 20,000 that a header holds would stop the process for a second.
 */
const LABELS: Readonly<Record<string, string>> = {
  'utf-8': 'unicode11utf8 unicode20utf8 utf8 xunicode20utf8',
  ibm866: '866 cp866 csibm866 ibm866',
  'iso-8859-2': 'csisolatin2 iso88592 iso885921987 isoir101 l2 latin2',
  'iso-8859-3': 'csisolatin3 iso88593 iso885931988 isoir109 l3 latin3',
  'iso-8859-4': 'csisolatin4 iso88594 iso885941988 isoir110 l4 latin4',
  'iso-8859-5': 'csisolatincyrillic cyrillic iso88595 iso885951988 isoir144',
  'iso-8859-6':
    'arabic asmo708 csiso88596e csiso88596i csisolatinarabic ecma114 iso88596 iso885961987 iso88596e iso88596i isoir127',
  'iso-8859-7': 'csisolatingreek ecma118 elot928 greek greek8 iso88597 iso885971987 isoir126 suneugreek',
  'iso-8859-8': 'csiso88598e csisolatinhebrew hebrew iso88598 iso885981988 iso88598e isoir138 visual',
  'iso-8859-8-i': 'csiso88598i iso88598i logical',
  'iso-8859-10': 'csisolatin6 iso885910 isoir157 l6 latin6',
  'iso-8859-13': 'iso885913',
  'iso-8859-14': 'iso885914',
  'iso-8859-15': 'csisolatin9 iso885915 l9',
  'iso-8859-16': 'iso885916',
  'koi8-r': 'cskoi8r koi koi8 koi8r',
  'koi8-u': 'koi8ru koi8u',
  macintosh: 'csmacintosh mac macintosh xmacroman',
  'windows-874': 'dos874 iso885911 tis620 windows874',
  'windows-1250': 'cp1250 windows1250 xcp1250',
  'windows-1251': 'cp1251 windows1251 xcp1251',
  'windows-1252':
    'ansix341968 ascii cp1252 cp819 csisolatin1 ibm819 iso88591 iso885911987 isoir100 l1 latin1 usascii windows1252 xcp1252',
  'windows-1253': 'cp1253 windows1253 xcp1253',
  'windows-1254': 'cp1254 csisolatin5 iso88599 iso885991989 isoir148 l5 latin5 windows1254 xcp1254',
  'windows-1255': 'cp1255 windows1255 xcp1255',
  'windows-1256': 'cp1256 windows1256 xcp1256',
  'windows-1257': 'cp1257 windows1257 xcp1257',
  'windows-1258': 'cp1258 windows1258 xcp1258',
  'x-mac-cyrillic': 'xmaccyrillic xmacukrainian',
  gbk: 'chinese csgb2312 csiso58gb231280 gb2312 gb231280 gbk isoir58 xgbk',
  gb18030: 'gb18030',
  big5: 'big5 big5hkscs cnbig5 csbig5 xxbig5',
  'euc-jp': 'cseucpkdfmtjapanese eucjp xeucjp',
  shift_jis: 'csshiftjis ms932 mskanji shiftjis sjis windows31j xsjis',
  'euc-kr': 'cseuckr csksc56011987 euckr isoir149 korean ksc5601 ksc56011987 ksc56011989 windows949',
  'utf-16be': 'unicodefffe utf16be',
  'utf-16le': 'csunicode iso10646ucs2 ucs2 unicode unicodefeff utf16 utf16le',
  'x-user-defined': 'xuserdefined',
};

const DECODERS: ReadonlyMap<string, string> = new Map(
  Object.entries(LABELS).flatMap(([name, labels]) => labels.split(' ').map((label) => [label, name])),
);

/** @param plain a label in lower case, without punctuation */
export function decoderOf(plain: string): string | null {
  return DECODERS.get(plain) ?? null;
}
