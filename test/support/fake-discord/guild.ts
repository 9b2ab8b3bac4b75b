import {
  type APIChannel,
  type APIGuildMember,
  type APIMessage,
  type APIUser,
  ChannelType,
  type GuildMemberFlags,
  MessageReferenceType,
  MessageType,
} from "discord-api-types/v10";

const noFlags: GuildMemberFlags = 0 as number;
const epochMs = 1_420_070_400_000;

/** What the platform keeps: who is there, the chats, and the messages in them. */
export class Guild {
  readonly id: string;
  readonly application: string;
  readonly bot: APIUser;
  readonly botRole: string;
  readonly channels = new Map<string, APIChannel>();
  readonly messages = new Map<string, APIMessage[]>();
  readonly members = new Map<string, APIGuildMember>();
  readonly forbidden = new Set<string>();
  #count = 0n;

  constructor() {
    this.id = this.snowflake();
    this.application = this.snowflake();
    this.botRole = this.snowflake();
    this.bot = { ...this.user("openclaw"), bot: true };
    this.members.set(this.bot.id, { ...this.#member(this.bot), roles: [this.botRole] });
  }

  snowflake(): string {
    return String((BigInt(Date.now() - epochMs) << 22n) | (this.#count++ & 0x3fffffn));
  }

  user(username: string): APIUser {
    return { id: this.snowflake(), username, global_name: null, discriminator: "0", avatar: null };
  }

  /** Somebody of the server. */
  join(username: string, roles: string[] = []): APIUser {
    const user = this.user(username);
    this.members.set(user.id, { ...this.#member(user), roles });
    return user;
  }

  open(kind: "text" | "forum" | "direct", name: string): string {
    const id = this.snowflake();
    const types = { text: ChannelType.GuildText, forum: ChannelType.GuildForum, direct: ChannelType.DM } as const;
    const type = types[kind];
    this.channels.set(
      id,
      (kind === "direct"
        ? { id, type, name: null, recipients: [], last_message_id: null }
        : { id, type, name, guild_id: this.id, position: 0, permission_overwrites: [] }) as unknown as APIChannel,
    );
    this.messages.set(id, []);
    return id;
  }

  /** Begun from a message, it has the id of that. */
  thread(parent: string, name: string, id: string = this.snowflake()): string {
    const thread = { id, type: ChannelType.PublicThread, name, guild_id: this.id, parent_id: parent };
    this.channels.set(id, thread as unknown as APIChannel);
    this.messages.set(id, []);
    return id;
  }

  guildOf(chat: string): string | undefined {
    const channel = this.channels.get(chat);
    return channel && "guild_id" in channel ? channel.guild_id : undefined;
  }

  write(chat: string, author: APIUser, content: string, more: Partial<APIMessage> = {}): APIMessage {
    const quoted = more.referenced_message;
    const mentioned = [...this.members.values()]
      .map(({ user }) => user)
      .filter(({ id }) => content.includes(`<@${id}>`));
    const message: APIMessage = {
      id: this.snowflake(),
      channel_id: chat,
      author,
      content,
      timestamp: new Date().toISOString(),
      edited_timestamp: null,
      tts: false,
      mention_everyone: content.includes("@everyone"),
      mentions: mentioned,
      mention_roles: content.includes(`<@&${this.botRole}>`) ? [this.botRole] : [],
      attachments: [],
      embeds: [],
      pinned: false,
      type: quoted ? MessageType.Reply : MessageType.Default,
      ...(quoted && {
        message_reference: { type: MessageReferenceType.Default, message_id: quoted.id, channel_id: chat },
      }),
      ...more,
    };
    this.messages.get(chat)?.push(message);
    return message;
  }

  #member(user: APIUser): APIGuildMember {
    return { user, roles: [], joined_at: new Date().toISOString(), deaf: false, mute: false, flags: noFlags };
  }
}
