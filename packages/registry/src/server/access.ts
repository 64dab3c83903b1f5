import { randomBytes } from 'node:crypto';
import { errorAnswer, jsonAnswer, type ReceivedRequest } from './answer';
import type { Answer } from './fault';

/** Who may read from a server. */
export interface AccessRules {
  /** How clients authenticate. Default: bearer, with the server's own /token. */
  readonly scheme?: 'bearer' | 'basic';
  /** Who gets in. Undefined with `bearer`: anybody who asks for a token. */
  readonly user?: { readonly username: string; readonly password: string };
  /** An OAuth2 refresh token that is as good as the user's password. */
  readonly identityToken?: string;
  /** Default: the server's own /token. */
  readonly realm?: string;
  /** What the token server says. Default: 300. Null: nothing. */
  readonly expiresInSeconds?: number | null;
  /** Requests that a token is good for. Default: any number. */
  readonly tokenUses?: number;
}

const SERVICE = 'tinyd test registry';

/** Guards a server by token or basic authentication. */
export class Access {
  readonly #rules: AccessRules;
  readonly #origin: () => string;
  readonly #tokens = new Map<string, number>();

  constructor(rules: AccessRules, origin: () => string) {
    this.#rules = rules;
    this.#origin = origin;
  }

  /** What keeps a request out; undefined when it may pass. */
  refusal(request: ReceivedRequest): Answer | undefined {
    const sent = String(request.headers.authorization ?? '');
    if (this.#rules.scheme === 'basic') {
      return this.#isUser(sent) ? undefined : this.#challenge(`Basic realm="${SERVICE}"`);
    }
    const token = sent.replace(/^Bearer /, '');
    const left = this.#tokens.get(token);
    if (left !== undefined && left > 0) {
      this.#tokens.set(token, left - 1);
      return undefined;
    }
    const { target } = request;
    const repository = target && 'repository' in target ? target.repository : undefined;
    const scope = repository === undefined ? '' : `,scope="repository:${repository}:pull"`;
    const realm = this.#rules.realm ?? `${this.#origin()}/token`;
    return this.#challenge(`Bearer realm="${realm}",service="${SERVICE}"${scope}`);
  }

  /** The token server's answer to a GET, or to a POST as OAuth2 has it. */
  token(request: ReceivedRequest): Answer {
    if (!this.#mayHaveToken(request))
      return errorAnswer(401, 'UNAUTHORIZED', 'incorrect username or password');
    const token = randomBytes(16).toString('hex');
    this.#tokens.set(token, this.#rules.tokenUses ?? Number.POSITIVE_INFINITY);
    const { expiresInSeconds = 300 } = this.#rules;
    return jsonAnswer(200, { token, ...(expiresInSeconds !== null && { expires_in: expiresInSeconds }) });
  }

  #mayHaveToken({ method, headers, body }: ReceivedRequest): boolean {
    const { user, identityToken } = this.#rules;
    if (user === undefined && identityToken === undefined) return true;
    if (method !== 'POST') return this.#isUser(String(headers.authorization ?? ''));
    const form = new URLSearchParams(body);
    if (form.get('grant_type') === 'refresh_token') return form.get('refresh_token') === identityToken;
    return (
      user !== undefined && form.get('username') === user.username && form.get('password') === user.password
    );
  }

  #isUser(authorization: string): boolean {
    const { user } = this.#rules;
    if (user === undefined) return false;
    return authorization === `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
  }

  #challenge(value: string): Answer {
    return errorAnswer(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': value });
  }
}
