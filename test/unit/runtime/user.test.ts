import { strict as assert } from 'node:assert';
import type { Accounts } from '../../../packages/runtime/dist/rootfs/account-files';
import { resolveUser } from '../../../packages/runtime/dist/spec/user';

const ACCOUNTS: Accounts = {
  users: [
    { name: 'root', uid: 0, gid: 0, home: '/root' },
    { name: 'app', uid: 1000, gid: 1001, home: '/home/app' },
    { name: '1000', uid: 0, gid: 0, home: '/evil' },
    { name: '2000', uid: 0, gid: 0, home: '/evil' },
  ],
  groups: [
    { name: 'root', gid: 0, members: [] },
    { name: 'app', gid: 1001, members: [] },
    { name: 'wheel', gid: 10, members: ['root', 'app'] },
    { name: 'audio', gid: 20, members: ['app'] },
    { name: '30', gid: 0, members: [] },
  ],
};

describe('user of a container', () => {
  const table: [text: string, uid: number, gid: number, groups: number[], home: string][] = [
    ['', 0, 0, [0, 10], '/root'],
    ['root', 0, 0, [0, 10], '/root'],
    ['app', 1000, 1001, [1001, 10, 20], '/home/app'],
    ['1000', 1000, 1001, [1001, 10, 20], '/home/app'],
    ['app:wheel', 1000, 10, [10], '/home/app'],
    ['app:5000', 1000, 5000, [5000], '/home/app'],
    ['4000', 4000, 0, [0], '/'],
    ['4000:4000', 4000, 4000, [4000], '/'],
    ['2147483647:2147483647', 2147483647, 2147483647, [2147483647], '/'],
  ];
  for (const [text, uid, gid, additionalGids, home] of table) {
    it(`${JSON.stringify(text)} is ${uid}:${gid}`, () => {
      assert.deepEqual(resolveUser(text, ACCOUNTS), { uid, gid, additionalGids, home });
    });
  }

  it('CVE-2022-2989: the primary group stays in the list beside --group-add', () => {
    assert.deepEqual(resolveUser('1000:1000', ACCOUNTS, ['audio', '44']).additionalGids, [1000, 20, 44]);
  });

  it('CVE-2026-46680: a number is never looked up as a name', () => {
    assert.equal(resolveUser('2000', ACCOUNTS).uid, 2000);
    assert.equal(resolveUser('app:30', ACCOUNTS).gid, 30);
  });

  const hostile = [
    '2147483648',
    '4294967295',
    '4294967296',
    '-1',
    '+5',
    '0x0',
    ' 0',
    '1000:',
    ':1000',
    '1e3',
    '99999999999',
    '1000:4294967296',
    '1:2:3',
    'nobody',
    'app:nogroup',
    'app\n',
  ];
  for (const text of hostile) {
    it(`CVE-2024-40635: ${JSON.stringify(text)} is refused, a passwd line of that name notwithstanding`, () => {
      const trap = { name: text.split(':')[0] ?? '', uid: 0, gid: 0, home: '/' };
      const known = ['nobody', 'app:nogroup'].includes(text);
      const accounts = known ? ACCOUNTS : { ...ACCOUNTS, users: [...ACCOUNTS.users, trap] };
      assert.throws(() => resolveUser(text, accounts), { code: 'ERR_TINYD_USER_UNKNOWN' });
    });
  }
});
