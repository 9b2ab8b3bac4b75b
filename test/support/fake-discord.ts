import {
  type APIMessage,
  type APIUser,
  ApplicationCommandType,
  ComponentType,
  GatewayDispatchEvents,
  InteractionType,
} from "discord-api-types/v10";
import { FakeApi } from "./fake-discord/api.ts";
import { FakeGateway } from "./fake-discord/gateway.ts";
import { Guild } from "./fake-discord/guild.ts";

export type { ApiFault } from "./fake-discord/api.ts";

/** Discord: one server with its people and chats, the REST API and the gateway, both on free ports. */
export class FakeDiscord implements AsyncDisposable {
  readonly token: string;
  readonly guild = new Guild();
  readonly gateway: FakeGateway;
  readonly api: FakeApi;
  readonly url: string;

  private constructor(url: string, name: string) {
    this.url = url;
    this.token = `MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.fakefakefakefakefakefakefakefakefake${name}`;
    this.gateway = new FakeGateway(this.guild, this.token);
    this.api = new FakeApi(this.guild, this.gateway, this.token);
  }

  /** Bots of different names have different tokens. */
  static async open({ name = "fa" } = {}): Promise<FakeDiscord> {
    const draft = new FakeDiscord("", name);
    return Object.assign(draft, { url: await draft.api.listen() });
  }

  get apiBase(): string {
    return `${this.url}/api`;
  }

  /** Somebody writes, and the gateway tells it. */
  say(chat: string, author: APIUser, content: string, more: Partial<APIMessage> = {}): APIMessage {
    const message = this.guild.write(chat, author, content, more);
    this.gateway.dispatch(GatewayDispatchEvents.MessageCreate, this.#withPlace(message));
    return message;
  }

  edit(message: APIMessage, content: string): void {
    message.content = content;
    message.edited_timestamp = new Date().toISOString();
    this.gateway.dispatch(GatewayDispatchEvents.MessageUpdate, this.#withPlace(message));
  }

  /** Discord put a preview to a link: it says so as if it had been edited. */
  preview(message: APIMessage): void {
    this.gateway.dispatch(GatewayDispatchEvents.MessageUpdate, this.#withPlace(message));
  }

  react(message: APIMessage, user: APIUser, emoji: string, isAdded = true): void {
    const guild = this.guild.guildOf(message.channel_id);
    this.gateway.dispatch(
      isAdded ? GatewayDispatchEvents.MessageReactionAdd : GatewayDispatchEvents.MessageReactionRemove,
      {
        user_id: user.id,
        channel_id: message.channel_id,
        message_id: message.id,
        emoji: { id: null, name: emoji },
        burst: false,
        type: 0,
        ...(guild && { guild_id: guild }),
        ...(isAdded && guild && { member: this.guild.members.get(user.id) }),
      },
    );
  }

  command(chat: string, user: APIUser, name: string, options: object[] = []): { readonly id: string } {
    return this.#interact(chat, user, {
      type: InteractionType.ApplicationCommand,
      data: { id: this.guild.snowflake(), name, type: ApplicationCommandType.ChatInput, options },
    });
  }

  press(message: APIMessage, user: APIUser, customId: string): { readonly id: string } {
    return this.#interact(message.channel_id, user, {
      type: InteractionType.MessageComponent,
      message,
      data: { component_type: ComponentType.Button, custom_id: customId },
    });
  }

  choose(message: APIMessage, user: APIUser, customId: string, values: readonly string[]): { readonly id: string } {
    return this.#interact(message.channel_id, user, {
      type: InteractionType.MessageComponent,
      message,
      data: { component_type: ComponentType.StringSelect, custom_id: customId, values },
    });
  }

  messages(chat: string): readonly APIMessage[] {
    return this.guild.messages.get(chat) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.stop();
    await this.api.stop();
  }

  #interact(chat: string, user: APIUser, what: object): { readonly id: string } {
    const id = this.guild.snowflake();
    const token = `interaction-${crypto.randomUUID()}`;
    this.api.allow(token, chat);
    const guild = this.guild.guildOf(chat);
    this.gateway.dispatch(GatewayDispatchEvents.InteractionCreate, {
      id,
      token,
      version: 1,
      application_id: this.guild.application,
      channel: this.guild.channels.get(chat),
      channel_id: chat,
      context: guild ? 0 : 1,
      ...(guild ? { guild_id: guild, member: this.guild.members.get(user.id) } : { user }),
      ...what,
    });
    return { id };
  }

  #withPlace(message: APIMessage): object {
    const guild = this.guild.guildOf(message.channel_id);
    if (!guild) return message;
    const { user: _user, ...member } = this.guild.members.get(message.author.id) ?? { user: undefined };
    return { ...message, guild_id: guild, ...(this.guild.members.has(message.author.id) && { member }) };
  }
}
