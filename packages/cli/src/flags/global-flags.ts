import { text, texts, toggle } from './define';

const GLOBAL = { helpGroup: 'global' };

/** Flags of every command; they may also stand in front of the command's name. */
export const globalFlags = {
  root: text('Folder of images and containers [$TINYD_ROOT, /var/lib/tinyd]', 'DIR', GLOBAL),
  state: text('Folder of run-time state [$TINYD_STATE, /run/tinyd]', 'DIR', GLOBAL),
  'registry-mirror': texts('Fetch from URL what HOST would serve, as HOST=URL', 'MIRROR', GLOBAL),
  debug: toggle('Show the stack behind a failure [$TINYD_DEBUG]', GLOBAL),
};
