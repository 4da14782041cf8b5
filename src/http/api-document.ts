/** As much of an OpenAPI 3.1 document as our own uses. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  /** What is posted to webhooks, by event type. */
  readonly webhooks?: Readonly<Record<string, { readonly post?: ApiCall }>>;
  readonly components: {
    readonly parameters?: Readonly<Record<string, ApiParameter>>;
    readonly schemas: Readonly<Record<string, ApiSchema>>;
    readonly examples?: Readonly<Record<string, ApiExample>>;
  };
}

export interface ApiOperation {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, ApiContent>> };
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

/** A call of ours to somebody else. */
export interface ApiCall {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly { readonly $ref?: string }[];
  readonly requestBody?: ApiOperation['requestBody'];
}

export interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: ApiSchema;
}

export interface ApiResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, ApiContent>>;
}

export interface ApiContent {
  readonly schema?: ApiSchema;
  readonly examples?: Readonly<Record<string, ApiExample>>;
}

export interface ApiExample {
  readonly $ref?: string;
  readonly value?: unknown;
}

export interface ApiSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly items?: ApiSchema;
  readonly anyOf?: readonly ApiSchema[];
  readonly oneOf?: readonly ApiSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** `#/components/schemas/SendEmail` as `SendEmail`. */
export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
