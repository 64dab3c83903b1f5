/** What a user may show to a registry. */
export type Credentials =
  | { readonly type: 'password'; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, as `docker login` gets from some registries. */
  | { readonly type: 'identity-token'; readonly token: string }
  /** A bearer token to be sent as it is. */
  | { readonly type: 'registry-token'; readonly token: string };

/** Finds the credentials for a registry by its domain (`docker.io`, `ghcr.io`, `10.0.0.5:5000`). */
export type CredentialsLookup = (domain: string) => Promise<Credentials | undefined>;
