/** Slack names its emoji; the rest of the house writes them. These are the ones that are reacted with. */
const names: readonly (readonly [emoji: string, name: string])[] = [
  ["👀", "eyes"],
  ["👍", "+1"],
  ["👎", "-1"],
  ["❤️", "heart"],
  ["🎉", "tada"],
  ["🔥", "fire"],
  ["🙏", "pray"],
  ["👏", "clap"],
  ["😂", "joy"],
  ["😢", "cry"],
  ["😮", "open_mouth"],
  ["😱", "scream"],
  ["🤔", "thinking_face"],
  ["🤗", "hugging_face"],
  ["😄", "smile"],
  ["🤖", "robot_face"],
  ["⏳", "hourglass_flowing_sand"],
  ["⌛", "hourglass"],
  ["✅", "white_check_mark"],
  ["☑️", "ballot_box_with_check"],
  ["❌", "x"],
  ["⚠️", "warning"],
  ["❓", "question"],
  ["❗", "exclamation"],
  ["🚀", "rocket"],
  ["💯", "100"],
  ["⚡", "zap"],
  ["✍️", "writing_hand"],
  ["👌", "ok_hand"],
  ["🛑", "octagonal_sign"],
];

const byEmoji = new Map(names.map(([emoji, name]) => [bare(emoji), name]));
const byName = new Map(names.map(([emoji, name]) => [name, emoji]));

/** What Slack calls it; a name is taken as one, with colons or without. */
export function nameOfEmoji(emoji: string): string | undefined {
  return byEmoji.get(bare(emoji)) ?? /^:?([a-z0-9_+'-]{1,100}):?$/.exec(emoji)?.[1];
}

/** The emoji itself where it is a known one, else `:name:`. */
export function emojiOfName(name: string): string {
  return byName.get(name) ?? byName.get(name.replace("thumbsup", "+1").replace("thumbsdown", "-1")) ?? `:${name}:`;
}

/** Without the selector that only asks for colours: some write it, some do not. */
function bare(emoji: string): string {
  return emoji.replaceAll("\uFE0F", "");
}
