import assert from 'node:assert/strict';
import { compileTemplate } from '../../../packages/cli/dist/template/evaluate';

const DATA = {
  ID: 'abc123',
  Name: '/web',
  Count: 3,
  Empty: '',
  Nothing: null,
  On: true,
  List: ['a', 'b', 'c'],
  Labels: { 'com.example.tier': 'front', app: 'shop' },
  State: { Running: true, ExitCode: 0 },
  Config: { Image: 'x' },
  NetworkSettings: {
    Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '443/tcp': null },
    Networks: { bridge: { IPAddress: '172.17.0.2' } },
  },
  Label: (key: string) => ({ app: 'shop' })[key] ?? '',
};

function render(source: string): string {
  return compileTemplate(source)(DATA);
}

/** Template and what Go prints for it. */
const CASES: readonly [string, string][] = [
  ['plain', 'plain'],
  ['{{.ID}}', 'abc123'],
  ['{{.ID}}: {{.Name}}', 'abc123: /web'],
  ['{{ .ID }}', 'abc123'],
  ['{{.State.Running}}', 'true'],
  ['{{.Nothing}}', '<no value>'],
  ['{{.List}}', '[a b c]'],
  ['{{.Labels}}', 'map[app:shop com.example.tier:front]'],
  ['{{json .State}}', '{"Running":true,"ExitCode":0}'],
  ['{{json .Nothing}}', 'null'],
  ['{{json "<a&b>"}}', '"<a&b>"'],
  ['{{.State | json}}', '{"Running":true,"ExitCode":0}'],
  ['{{index .List 1}}', 'b'],
  ['{{index .Labels "com.example.tier"}}', 'front'],
  ['<{{index .Labels "missing"}}>', '<>'],
  ['{{index .NetworkSettings.Ports "90/tcp"}}', '<no value>'],
  ['{{.Labels.app}} {{.Labels.missing}} {{.Labels.__proto__}}', 'shop <no value> <no value>'],
  ['{{.Labels.missing.further}}', '<no value>'],
  ['{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}', 'none'],
  [
    '{{with .Config}}{{.User}}|{{.Labels}}|{{.Labels.a}}|{{.Entrypoint}}|{{len .Env}}{{end}}',
    '|map[]|<no value>|[]|0',
  ],
  ['{{json .Config.Labels}} {{json .Config.Env}} {{json .Config}}', 'null null {"Image":"x"}'],
  ['{{with .Labels}}{{if .missing}}x{{else}}{{.app}}{{end}}{{end}}', 'shop'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{range .List}}<{{.}}>{{end}}', '<a><b><c>'],
  ['{{range $i, $e := .List}}{{$i}}={{$e}},{{end}}', '0=a,1=b,2=c,'],
  ['{{range $k, $v := .Labels}}{{$k}}={{$v}} {{end}}', 'app=shop com.example.tier=front '],
  ['{{range .Nothing}}x{{else}}none{{end}}', 'none'],
  ['{{range .List}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac'],
  ['{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
  [
    '{{range $p, $conf := .NetworkSettings.Ports}}{{$p}}{{with $conf}} -> {{(index . 0).HostPort}}{{end}};{{end}}',
    '443/tcp;80/tcp -> 8080;',
  ],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '172.17.0.2'],
  ['{{if .On}}yes{{else}}no{{end}}', 'yes'],
  ['{{if .Empty}}yes{{else if .On}}second{{else}}no{{end}}', 'second'],
  ['{{if and .On .Count}}{{.Count}}{{end}}', '3'],
  ['{{or .Empty "fallback"}}', 'fallback'],
  ['{{not .On}}', 'false'],
  ['{{with .State}}{{.ExitCode}}{{$.ID}}{{end}}', '0abc123'],
  ['{{$x := .Count}}{{$x = 5}}{{$x}}', '5'],
  ['{{if true}}{{$x := 1}}{{end}}{{$x := 2}}{{$x}}', '2'],
  ['{{eq .Count 3}} {{ne .ID "x"}} {{lt 1 2}} {{ge 2 2}} {{gt "a" "b"}}', 'true true true true false'],
  ['{{eq .ID "x" "abc123"}}', 'true'],
  ['{{len .List}} {{len .ID}}', '3 6'],
  ['{{join .List ", "}}', 'a, b, c'],
  ['{{range split "a:b" ":"}}[{{.}}]{{end}}', '[a][b]'],
  ['{{upper .ID}} {{lower "ABC"}} {{title "hello world"}}', 'ABC123 abc Hello World'],
  ['{{truncate .ID 3}}|{{pad "x" 1 2}}|{{pad "" 1 2}}', 'abc| x  |'],
  ['{{.ID | upper | printf "%s!"}}', 'ABC123!'],
  [
    '{{printf "%-6s|%5d|%05d|%q|%v|%x|%.2f%%" "ab" 42 7 "q" .List 255 1.5}}',
    'ab    |   42|00007|"q"|[a b c]|ff|1.50%',
  ],
  ['{{println "a" 1}}', 'a 1\n'],
  ['{{print "a" 1 2}}', 'a1 2'],
  ['{{slice .ID 1 3}}', 'bc'],
  ['{{.Label "app"}}/{{.Label "none"}}', 'shop/'],
  ['a {{- .ID -}} b', 'aabc123b'],
  ['a{{/* comment */}}b {{- /* trims */ -}} c', 'abc'],
  ['{{`raw`}} {{"q\\t\\"uoted\\""}}', 'raw q\t"uoted"'],
  ["{{'a'}}", '97'],
  ['{{"{{"}}', '{{'],
  ['{{pad "x" -1 1}}|{{printf "%c%c" 65 -1}}', 'x |A\ufffd'],
];

/** Template and a part of the message it fails with. */
const FAILURES: readonly [string, RegExp][] = [
  ['{{.ID', /unclosed action/],
  ['{{.Missing}}', /no field \.Missing/],
  ['{{.id}}', /no field \.id, but \.ID/],
  ['{{.constructor}}', /no field \.constructor/],
  ['{{.Nothing.Foo}}', /nothing there to take \.Foo from/],
  ['{{.ID.Foo}}', /has no fields/],
  ['{{if .On}}x', /without \{\{end\}\}/],
  ['{{end}}', /unexpected \{\{end\}\}/],
  ['{{nosuch .ID}}', /function "nosuch" not defined/],
  ['{{toString .ID}}', /function "toString" not defined/],
  ['{{$x}}', /undefined variable "\$x"/],
  ['{{break}}', /outside/],
  ['{{index .List 9}}', /out of range/],
  ['{{eq .Count "3"}}', /incompatible types/],
  ['{{.ID "x"}}', /given arguments/],
  ['{{printf "%99999999d" 1}}', /cannot be that wide/],
  ['{{printf "%.999f" 1.5}}', /cannot be that wide/],
  ['{{pad "x" 99999999 0}}', /wants a whole number/],
  ['{{template "x"}}', /not supported/],
  ['{{(.ID}}', /parenthesis/],
  ['{{}}', /missing value/],
  ['{{range .Empty}}x{{end}}', /range cannot go over/],
  ['{{.ID % 2}}', /unexpected "%"/],
];

describe('templates', () => {
  for (const [source, wanted] of CASES) {
    it(`renders ${source}`, () => assert.equal(render(source), wanted));
  }
  for (const [source, message] of FAILURES) {
    it(`refuses ${source}`, () => {
      assert.throws(() => render(source), { code: 'ERR_TINYD_OPTION_INVALID', message });
    });
  }
});
