import { type Token, templateError, tokenize } from './lexer';

/** A parsed template: what to print, in order. */
export type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly pipeline: Pipeline }
  | {
      readonly type: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: Node[];
      readonly otherwise: Node[];
    }
  | { readonly type: 'break' | 'continue' };

/** `$a, $b := f x | g`. */
export interface Pipeline {
  readonly variables: readonly string[];
  /** True for `=`, which sets an existing variable. */
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
}

/** One argument of a command, with the fields that are selected from it. */
export interface Operand {
  readonly base:
    | { readonly type: 'dot' | 'nil' }
    | { readonly type: 'variable' | 'function'; readonly name: string }
    | { readonly type: 'literal'; readonly value: string | number | boolean }
    | { readonly type: 'pipeline'; readonly pipeline: Pipeline };
  readonly fields: readonly string[];
}

/** Parses Go's text/template language, less `define`, `template` and `block`. */
export function parseTemplate(source: string): Node[] {
  const parser = new Parser(tokenize(source));
  const nodes = parser.parseList();
  if (parser.endedBy !== undefined) throw templateError(`unexpected {{${parser.endedBy}}}`);
  return nodes;
}

class Parser {
  /** The keyword that ended the list parsed last: `end`, `else`; undefined at the end of the template. */
  endedBy: string | undefined;
  private at = 0;
  private rangeDepth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  parseList(): Node[] {
    const nodes: Node[] = [];
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token.type === 'text') {
        nodes.push(token);
        continue;
      }
      const keyword = this.peekWord();
      if (keyword === 'end' || keyword === 'else') {
        this.at += 1;
        this.endedBy = keyword;
        return nodes;
      }
      nodes.push(this.parseAction(keyword));
    }
    // The last block within this list left its own keyword there.
    this.endedBy = undefined;
    return nodes;
  }

  private parseAction(keyword: string | undefined): Node {
    if (keyword === 'if' || keyword === 'with' || keyword === 'range') {
      this.at += 1;
      return this.parseBlock(keyword);
    }
    if (keyword === 'break' || keyword === 'continue') {
      if (this.rangeDepth === 0) throw templateError(`{{${keyword}}} outside {{range}}`);
      this.at += 1;
      this.expectClose();
      return { type: keyword };
    }
    if (keyword === 'define' || keyword === 'template' || keyword === 'block') {
      throw templateError(`{{${keyword}}} is not supported`);
    }
    const pipeline = this.parsePipeline();
    this.expectClose();
    return { type: 'action', pipeline };
  }

  private parseBlock(type: 'if' | 'with' | 'range'): Node {
    const pipeline = this.parsePipeline();
    this.expectClose();
    if (type === 'range') this.rangeDepth += 1;
    const body = this.parseList();
    if (type === 'range') this.rangeDepth -= 1;
    return { type, pipeline, body, otherwise: this.parseElse(type) };
  }

  private parseElse(type: string): Node[] {
    if (this.endedBy === undefined) throw templateError(`{{${type}}} without {{end}}`);
    if (this.endedBy === 'end') {
      this.expectClose();
      return [];
    }
    this.skipSpace();
    const chained = this.peekWord();
    if (chained === 'if' || chained === 'with') {
      this.at += 1;
      return [this.parseBlock(chained)];
    }
    this.expectClose();
    const otherwise = this.parseList();
    if (this.endedBy !== 'end') throw templateError(`{{else}} without {{end}}`);
    this.expectClose();
    return otherwise;
  }

  private parsePipeline(): Pipeline {
    this.skipSpace();
    const { variables, assigns } = this.parseDeclaration();
    const commands: Operand[][] = [this.parseCommand()];
    while (this.peek()?.type === '|') {
      this.at += 1;
      commands.push(this.parseCommand());
    }
    return { variables, assigns, commands };
  }

  private parseDeclaration(): { variables: string[]; assigns: boolean } {
    const start = this.at;
    const variables: string[] = [];
    for (let token = this.peek(); token?.type === 'variable'; token = this.peek()) {
      variables.push(token.text);
      this.at += 1;
      this.skipSpace();
      const separator = this.peek()?.type;
      if (separator === ':=' || separator === '=') {
        this.at += 1;
        return { variables, assigns: separator === '=' };
      }
      if (separator !== ',') break;
      this.at += 1;
      this.skipSpace();
    }
    this.at = start;
    return { variables: [], assigns: false };
  }

  private parseCommand(): Operand[] {
    const operands: Operand[] = [];
    this.skipSpace();
    for (let token = this.peek(); token !== undefined; token = this.peek()) {
      if (token.type === 'close' || token.type === '|' || token.type === ')') break;
      operands.push(this.parseOperand());
      this.skipSpace();
    }
    if (operands.length === 0) throw templateError('missing value for a command');
    return operands;
  }

  private parseOperand(): Operand {
    const base = this.parseBase();
    const fields: string[] = [];
    if (base.type === 'dot') {
      const first = this.tokens[this.at - 1];
      if (first?.type === 'field' && first.text !== '') fields.push(first.text);
    }
    for (let token = this.peek(); token?.type === 'field' && token.text !== ''; token = this.peek()) {
      fields.push(token.text);
      this.at += 1;
    }
    return { base, fields };
  }

  private parseBase(): Operand['base'] {
    const token = this.next();
    switch (token?.type) {
      case 'field':
        return { type: 'dot' };
      case 'variable':
        return { type: 'variable', name: token.text };
      case 'string':
        return { type: 'literal', value: token.text };
      case 'number':
        return { type: 'literal', value: token.value };
      case 'word':
        if (token.text === 'nil') return { type: 'nil' };
        if (token.text === 'true' || token.text === 'false')
          return { type: 'literal', value: token.text === 'true' };
        return { type: 'function', name: token.text };
      case '(': {
        const pipeline = this.parsePipeline();
        if (this.next()?.type !== ')') throw templateError('unclosed parenthesis');
        return { type: 'pipeline', pipeline };
      }
      default:
        throw templateError(`unexpected ${token?.type ?? 'end'} in an action`);
    }
  }

  private expectClose(): void {
    this.skipSpace();
    const token = this.next();
    if (token?.type !== 'close') throw templateError(`unexpected ${token?.type ?? 'end'} in an action`);
  }

  private peekWord(): string | undefined {
    const token = this.peek();
    return token?.type === 'word' ? token.text : undefined;
  }

  private skipSpace(): void {
    while (this.peek()?.type === 'space') this.at += 1;
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private next(): Token | undefined {
    return this.tokens[this.at++];
  }
}
