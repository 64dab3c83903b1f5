import { FUNCTIONS, type TemplateFunction } from './functions';
import { templateError } from './lexer';
import { type Node, type Operand, type Pipeline, parseTemplate } from './parser';
import { FieldSelector } from './select-field';
import { isRecord, isTrue, printValue } from './value';

/** A parsed template: give it the dot, get the text. */
export type Template = (dot: unknown) => string;

/**
 * Compiles a template in Go's text/template language.
 *
 * A field that the data does not have is an error, as in docker, but for what users name: a label that is not there has no
 * value. The data's own properties alone can be reached.
 * Fails with ERR_TINYD_OPTION_INVALID, here and in the returned function.
 *
 * @param functions what a name in the template calls.
 */
export function compileTemplate(source: string, functions: Functions = FUNCTIONS): Template {
  const nodes = parseTemplate(source);
  return dot => {
    const output: string[] = [];
    new Evaluator(output, functions, dot).run(nodes, dot);
    return output.join('');
  };
}

type Functions = Readonly<Record<string, TemplateFunction>>;

type Flow = 'break' | 'continue' | undefined;

class Evaluator {
  private readonly scopes: [name: string, value: unknown][] = [];
  private readonly fields = new FieldSelector();

  constructor(
    private readonly output: string[],
    private readonly functions: Functions,
    root: unknown,
  ) {
    this.scopes.push(['$', root]);
  }

  run(nodes: readonly Node[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.step(node, dot);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  private step(node: Node, dot: unknown): Flow {
    switch (node.type) {
      case 'text':
        this.output.push(node.text);
        return undefined;
      case 'action': {
        const value = this.pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.output.push(printValue(value));
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.type;
      default:
        return this.scoped(() => (node.type === 'range' ? this.range(node, dot) : this.branch(node, dot)));
    }
  }

  private scoped(body: () => Flow): Flow {
    const depth = this.scopes.length;
    const flow = body();
    this.scopes.length = depth;
    return flow;
  }

  private branch(node: Extract<Node, { type: 'if' | 'with' | 'range' }>, dot: unknown): Flow {
    const value = this.pipeline(node.pipeline, dot);
    if (!isTrue(value)) return this.run(node.otherwise, dot);
    return this.run(node.body, node.type === 'with' ? value : dot);
  }

  private range(node: Extract<Node, { type: 'if' | 'with' | 'range' }>, dot: unknown): Flow {
    const value = this.commands(node.pipeline, dot);
    const entries = entriesOf(value);
    if (entries.length === 0) return this.run(node.otherwise, dot);
    for (const [key, element] of entries) {
      const flow = this.scoped(() => {
        const [first, second] = node.pipeline.variables;
        if (first !== undefined) this.scopes.push([first, second === undefined ? element : key]);
        if (second !== undefined) this.scopes.push([second, element]);
        return this.run(node.body, element);
      });
      if (flow === 'break') break;
    }
    return undefined;
  }

  private pipeline(pipeline: Pipeline, dot: unknown): unknown {
    const value = this.commands(pipeline, dot);
    const [name, extra] = pipeline.variables;
    if (extra !== undefined) throw templateError('two variables belong to range only');
    if (name === undefined) return value;
    if (!pipeline.assigns) this.scopes.push([name, value]);
    else this.variable(name)[1] = value;
    return value;
  }

  private commands(pipeline: Pipeline, dot: unknown): unknown {
    let piped: readonly [] | readonly [unknown] = [];
    for (const command of pipeline.commands) piped = [this.command(command, dot, piped)];
    return piped[0];
  }

  private command(operands: readonly Operand[], dot: unknown, piped: readonly unknown[]): unknown {
    const [head, ...rest] = operands;
    if (head === undefined) return undefined;
    if (head.base.type === 'function' && head.fields.length === 0)
      return this.call(head.base.name, rest, dot, piped);
    const target = this.operand(head, dot, true);
    const args = [...rest.map(each => this.operand(each, dot)), ...piped];
    if (typeof target === 'function') return (target as (...args: unknown[]) => unknown)(...args);
    if (args.length > 0) throw templateError('a value that is no function was given arguments');
    return target;
  }

  private call(name: string, rest: readonly Operand[], dot: unknown, piped: readonly unknown[]): unknown {
    if (name === 'and' || name === 'or') return this.logic(name, rest, dot, piped);
    const called = Object.hasOwn(this.functions, name) ? this.functions[name] : undefined;
    if (called === undefined) throw templateError(`function "${name}" not defined`);
    return called(...rest.map(each => this.operand(each, dot)), ...piped);
  }

  /** `and` and `or` stop at the first value that decides, and return it. */
  private logic(
    name: 'and' | 'or',
    rest: readonly Operand[],
    dot: unknown,
    piped: readonly unknown[],
  ): unknown {
    let value: unknown;
    for (const operand of rest) {
      value = this.operand(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  private operand(operand: Operand, dot: unknown, keepsMethod = false): unknown {
    const value = this.fields.select(this.base(operand.base, dot), operand.fields);
    return typeof value === 'function' && !keepsMethod ? (value as () => unknown)() : value;
  }

  private base(base: Operand['base'], dot: unknown): unknown {
    switch (base.type) {
      case 'dot':
        return dot;
      case 'nil':
        return undefined;
      case 'literal':
        return base.value;
      case 'variable':
        return this.variable(base.name)[1];
      case 'function':
        return this.call(base.name, [], dot, []);
      case 'pipeline':
        return this.pipeline(base.pipeline, dot);
    }
  }

  private variable(name: string): [name: string, value: unknown] {
    const found = this.scopes.findLast(([each]) => each === name);
    if (found === undefined) throw templateError(`undefined variable "${name}"`);
    return found;
  }
}

function entriesOf(value: unknown): [key: unknown, element: unknown][] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((element, index) => [index, element]);
  if (isRecord(value)) {
    return Object.keys(value)
      .sort()
      .map(key => [key, value[key]]);
  }
  throw templateError(`range cannot go over ${JSON.stringify(value)}`);
}
