import type { Globals } from '../globals';

/**
 * A unit that runs `tinyd boot` at every start of the host (systemd.service(5)).
 *
 * @param command absolute path of the command
 */
export function systemdUnit(command: string, { root, state }: Pick<Globals, 'root' | 'state'>): string {
  const words = [command, '--root', root, '--state', state, 'boot'].map(quoted).join(' ');
  return `[Unit]
Description=Containers of tinyd that are to run from the start
After=network-online.target local-fs.target time-sync.target
Wants=network-online.target
RequiresMountsFor=${quoted(root)}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${words}
# The containers' monitors stay behind and are nobody's children: stopping this unit does not end them.
KillMode=process
TasksMax=infinity
Delegate=yes

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a unit file: % and $ stand for themselves, blanks and quotes do not end it. */
function quoted(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(plain)
    ? plain
    : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
