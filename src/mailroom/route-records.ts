/** On the envelope recipient. `pattern`: an address in which `*` stands for any run of characters but `@`. */
export type RouteMatch =
  | { readonly recipient: string }
  | { readonly domain: string }
  | { readonly pattern: string };

export type RouteAction =
  | { readonly type: 'store' }
  | { readonly type: 'webhook'; readonly webhookId: string }
  | { readonly type: 'forward'; readonly to: string }
  | { readonly type: 'drop' }
  | { readonly type: 'reject'; readonly message: string };

export interface RouteRecord {
  readonly id: string;
  readonly match: RouteMatch;
  /** In order, one at least; `drop` and `reject` stand alone. */
  readonly actions: readonly RouteAction[];
  /** From 0; the first enabled route that matches a recipient counts. */
  readonly position: number;
  readonly enabled: boolean;
  readonly createdAt: number;
}

/** What the routes say of one recipient before its mail is taken. */
export type RecipientRuling =
  | { readonly kind: 'take' }
  /** Accepted and thrown away. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'reject'; readonly message: string };
