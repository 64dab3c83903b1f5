import { TinydError } from '@tinyd/core';

/** A piece of a template: text between actions, or one token within an action. */
export type Token =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'open' | 'close' | 'space' | '|' | '(' | ')' | ':=' | '=' | ',' }
  | { readonly type: 'field' | 'variable' | 'word'; readonly text: string }
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'number'; readonly value: number };

/** A template that cannot be read or evaluated. */
export function templateError(message: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use the format: ${message}`, {
    hint: "formats look like '{{.Name}}', or 'json', or 'table {{.ID}}\\t{{.Name}}'",
  });
}

const SCANNERS: readonly [RegExp, (match: RegExpExecArray) => Token][] = [
  [/\s+/y, () => ({ type: 'space' })],
  [/:=/y, () => ({ type: ':=' })],
  [/[|(),=]/y, match => ({ type: match[0] as '|' })],
  [/"(?:[^"\\\n]|\\.)*"/y, match => ({ type: 'string', text: unquote(match[0]) })],
  [/`[^`]*`/y, match => ({ type: 'string', text: match[0].slice(1, -1) })],
  [/'(?:[^'\\]|\\.)'/y, match => ({ type: 'number', value: unquote(match[0]).codePointAt(0) ?? 0 })],
  [
    /[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y,
    match => ({ type: 'number', value: Number(match[0]) }),
  ],
  [/\$\w*/y, match => ({ type: 'variable', text: match[0] })],
  [/\.(\w*)/y, match => ({ type: 'field', text: match[1] ?? '' })],
  [/[A-Za-z_]\w*/y, match => ({ type: 'word', text: match[0] })],
];

/** Splits a Go template into text and the tokens of its actions; `{{-`, `-}}` and comments are settled here. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open === -1 ? source.length : open;
    const trimsBefore = /^\{\{-\s/.test(source.slice(end, end + 4));
    let text = source.slice(at, end);
    if (trimNext) text = text.trimStart();
    if (trimsBefore) text = text.trimEnd();
    if (text !== '') tokens.push({ type: 'text', text });
    if (open === -1) break;
    const action = scanAction(source, open + (trimsBefore ? 3 : 2));
    if (!action.isComment) tokens.push({ type: 'open' }, ...action.tokens, { type: 'close' });
    trimNext = action.trimsAfter;
    at = action.end;
  }
  return tokens;
}

interface Action {
  readonly tokens: Token[];
  readonly end: number;
  readonly trimsAfter: boolean;
  readonly isComment: boolean;
}

function scanAction(source: string, from: number): Action {
  const comment = /\s*\/\*[\s\S]*?\*\/(\s-)?\s*\}\}/y;
  comment.lastIndex = from;
  const found = comment.exec(source);
  if (found !== null) {
    return { tokens: [], end: comment.lastIndex, trimsAfter: found[1] !== undefined, isComment: true };
  }
  const tokens: Token[] = [];
  for (let at = from; at < source.length; ) {
    const close = /(\s-)?\}\}/y;
    close.lastIndex = at;
    const closed = close.exec(source);
    if (closed !== null) {
      return {
        tokens: trimSpaces(tokens),
        end: close.lastIndex,
        trimsAfter: closed[1] !== undefined,
        isComment: false,
      };
    }
    at = scanToken(source, at, tokens);
  }
  throw templateError('unclosed action, "}}" is missing');
}

function scanToken(source: string, at: number, tokens: Token[]): number {
  for (const [pattern, make] of SCANNERS) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) continue;
    tokens.push(make(match));
    return pattern.lastIndex;
  }
  throw templateError(`unexpected ${JSON.stringify(source.charAt(at))} in an action`);
}

function trimSpaces(tokens: Token[]): Token[] {
  const first = tokens.findIndex(token => token.type !== 'space');
  const last = tokens.findLastIndex(token => token.type !== 'space');
  return first === -1 ? [] : tokens.slice(first, last + 1);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** The text of a quoted Go string or character. */
function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_, sequence: string) => {
    if (sequence.length > 1) return String.fromCharCode(Number.parseInt(sequence.slice(1), 16));
    return ESCAPES[sequence] ?? sequence;
  });
}
