import { randomBelow } from '@tinyd/native';

const QUALITIES =
  'able bold brave bright calm clever cosy daring eager early fair fast fond frank fresh gentle glad grand handy happy hardy honest jolly keen kind lively loyal lucky merry mild neat nimble patient polite proud quick quiet ready rosy sharp sleek smart snug steady stout sunny swift tidy vivid warm wise witty'.split(
    ' ',
  );
const BEINGS =
  'badger beaver bison crane curlew dolphin eagle falcon ferret finch fox gannet gecko gull hare hawk heron ibis jackal jay kestrel kite lark lemur linnet lynx magpie marten merlin mole newt ocelot orca osprey otter owl panda pelican pipit plover puffin quail raven robin salmon seal shrew sparrow stoat stork swan swift tapir tern thrush toad trout turtle vole walrus weasel wren zebra'.split(
    ' ',
  );

/** A name for a container that was given none: `quiet_heron`, with a number once `attempt` shows that names run short. */
export function generateName(attempt: number): string {
  const name = `${QUALITIES[randomBelow(QUALITIES.length)]}_${BEINGS[randomBelow(BEINGS.length)]}`;
  return attempt < 3 ? name : `${name}${randomBelow(10 ** Math.min(attempt - 2, 9))}`;
}
