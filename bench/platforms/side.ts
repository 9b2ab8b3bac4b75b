/** One account of a fake platform, with people in direct chats who write to it. */
export interface Side extends AsyncDisposable {
  readonly channel: "discord" | "slack" | "telegram";
  /** Of the account, as `openclaw.toml` has it. */
  readonly settings: Readonly<Record<string, string>>;
  readonly isConnected: boolean;
  say(chat: number, text: string): void;
  /** How many of the messages the platform was told of since it was last asked, as the numbers of `say`, from 0 on. */
  told(): readonly number[];
  /** What the gateway wrote, chat by chat. */
  answers(): readonly { readonly chat: number; readonly text: string }[];
}

export type OpenSide = (name: string, chats: number) => Promise<Side>;
