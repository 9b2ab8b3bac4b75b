import type { webApi } from "@slack/bolt";
import { type FakeMessage, Refused, type World } from "./world.ts";

export type Args = Readonly<Record<string, string>>;
type Answer = object;

/** The methods of the Web API that the channel uses: each does what Slack does, on a small world. */
export function methodsOf(
  world: World,
  house: { readonly origin: () => string; readonly socketUrl: () => string },
): Readonly<Record<string, (args: Args) => Answer>> {
  return {
    "auth.test": () =>
      ({
        ok: true,
        url: "https://fake.slack.com/",
        team: "Fake",
        user: world.me.name,
        team_id: world.me.team,
        user_id: world.me.user,
        bot_id: world.me.bot,
      }) satisfies webApi.AuthTestResponse,
    "apps.connections.open": () => ({ ok: true, url: house.socketUrl() }) satisfies webApi.AppsConnectionsOpenResponse,
    "chat.postMessage": (args) => {
      const { channel = "", text = "", thread_ts, metadata, blocks } = args;
      if (text === "" && blocks === undefined) throw new Refused("no_text");
      if (text.length > 40_000) throw new Refused("msg_too_long");
      const posted = world.post(channel, {
        text,
        sent: args,
        ...(thread_ts === undefined ? {} : { thread_ts }),
        ...(metadata === undefined ? {} : { metadata: JSON.parse(metadata) as NonNullable<FakeMessage["metadata"]> }),
        ...(blocks === undefined ? {} : { blocks: JSON.parse(blocks) as unknown }),
      });
      return { ok: true, channel, ts: posted.ts } satisfies webApi.ChatPostMessageResponse;
    },
    "chat.update": ({ channel = "", ts = "", text = "", blocks }) => {
      const message = world.message(channel, ts);
      if (message.user !== world.me.user) throw new Refused("cant_update_message");
      if (message.streaming_state === "in_progress") throw new Refused("streaming_state_conflict");
      if (text.length > 4_000) throw new Refused("msg_too_long");
      // Blocks are shown in place of the text, and stay unless others are given.
      if (blocks !== undefined) message.blocks = blocks === "[]" ? undefined : (JSON.parse(blocks) as unknown);
      message.text = text;
      return { ok: true, channel, ts, text } satisfies webApi.ChatUpdateResponse;
    },
    "chat.startStream": ({ channel = "", thread_ts = "", markdown_text = "", recipient_user_id }) => {
      if (!world.streams.areAllowed) throw new Refused("missing_scope");
      if (thread_ts === "") throw new Refused("invalid_arguments");
      if (world.chat(channel).kind !== "im" && recipient_user_id === undefined) {
        throw new Refused("missing_recipient_user_id");
      }
      const posted = world.post(channel, { text: markdown_text, thread_ts, streaming_state: "in_progress" });
      return { ok: true, channel, ts: posted.ts } satisfies webApi.ChatStartStreamResponse;
    },
    "chat.appendStream": ({ channel = "", ts = "", markdown_text = "" }) => {
      const message = streaming(world, channel, ts);
      if (markdown_text === "") throw new Refused("no_text");
      if (markdown_text.length > 12_000) throw new Refused("msg_too_long");
      if (--world.streams.mostSteps < 0) message.streaming_state = "completed";
      else message.text += markdown_text;
      if (message.streaming_state === "completed") throw new Refused("message_not_in_streaming_state");
      return { ok: true, channel, ts } satisfies webApi.ChatAppendStreamResponse;
    },
    "chat.stopStream": ({ channel = "", ts = "", markdown_text = "" }) => {
      const message = streaming(world, channel, ts);
      message.text += markdown_text;
      message.streaming_state = "completed";
      return { ok: true, channel, ts } satisfies webApi.ChatStopStreamResponse;
    },
    "chat.delete": ({ channel = "", ts = "" }) => {
      const message = world.message(channel, ts);
      const { messages } = world.chat(channel);
      messages.splice(messages.indexOf(message), 1);
      return { ok: true, channel, ts } satisfies webApi.ChatDeleteResponse;
    },
    "conversations.history": (args) => {
      if (world.chat(args["channel"] ?? "").isHidden) throw new Refused("channel_not_found");
      return pageOf(args, history(world, args["channel"] ?? ""));
    },
    "conversations.replies": (args) =>
      pageOf(
        args,
        world
          .chat(args["channel"] ?? "")
          .messages.filter(({ ts, thread_ts }) => ts === args["ts"] || thread_ts === args["ts"]),
      ),
    "conversations.info": ({ channel = "" }) => {
      const { id, name, kind } = world.chat(channel);
      return {
        ok: true,
        channel: { id, name, is_im: kind === "im", is_mpim: kind === "mpim" },
      } satisfies webApi.ConversationsInfoResponse;
    },
    "users.info": ({ user = "" }) => {
      const known = world.users.get(user);
      if (!known) throw new Refused("user_not_found");
      return {
        ok: true,
        user: { id: user, name: known.name, is_bot: false, profile: { display_name: known.displayName } },
      } satisfies webApi.UsersInfoResponse;
    },
    "reactions.add": ({ channel = "", timestamp = "", name = "" }) => {
      const { reactions } = world.message(channel, timestamp);
      if (reactions.some((one) => one.name === name)) throw new Refused("already_reacted");
      reactions.push({ name, user: world.me.user });
      return { ok: true } satisfies webApi.ReactionsAddResponse;
    },
    "reactions.remove": ({ channel = "", timestamp = "", name = "" }) => {
      const { reactions } = world.message(channel, timestamp);
      const i = reactions.findIndex((one) => one.name === name);
      if (i < 0) throw new Refused("no_reaction");
      reactions.splice(i, 1);
      return { ok: true } satisfies webApi.ReactionsRemoveResponse;
    },
    "assistant.threads.setStatus": ({ channel_id: chat = "", thread_ts: thread = "", status = "" }) => {
      world.chat(chat);
      world.statuses.push({ chat, thread, status });
      return { ok: true } satisfies webApi.AssistantThreadsSetStatusResponse;
    },
    "files.info": ({ file = "" }) => {
      const known = world.files.get(file);
      if (!known) throw new Refused("file_not_found");
      return {
        ok: true,
        file: { id: file, name: known.name, url_private_download: `${house.origin()}/files/${file}` },
      } satisfies webApi.FilesInfoResponse;
    },
    "files.getUploadURLExternal": ({ filename = "" }) => {
      const id = `F${world.files.size + 1}`;
      world.files.set(id, { id, name: filename, bytes: new Uint8Array() });
      return {
        ok: true,
        file_id: id,
        upload_url: `${house.origin()}/upload/${id}`,
      } satisfies webApi.FilesGetUploadURLExternalResponse;
    },
    "files.completeUploadExternal": ({ files = "[]", channel_id = "", thread_ts }) => {
      const named = JSON.parse(files) as readonly { readonly id: string }[];
      const kept = named.map(({ id }) => {
        const file = world.files.get(id);
        if (!file) throw new Refused("file_not_found");
        return file;
      });
      world.post(channel_id, { text: "", files: kept, ...(thread_ts === undefined ? {} : { thread_ts }) });
      return {
        ok: true,
        files: named.map(({ id }) => ({ id })),
      } satisfies webApi.FilesCompleteUploadExternalResponse;
    },
  };
}

function streaming(world: World, channel: string, ts: string): FakeMessage {
  const message = world.message(channel, ts);
  if (message.streaming_state !== "in_progress") throw new Refused("message_not_in_streaming_state");
  return message;
}

function history(world: World, channel: string): FakeMessage[] {
  return world
    .chat(channel)
    .messages.filter(({ thread_ts }) => thread_ts === undefined)
    .toReversed();
}

/** Metadata is given to who asks for it. */
function pageOf({ limit = "100", cursor = "0", include_all_metadata }: Args, messages: readonly FakeMessage[]): Answer {
  const from = Number(cursor);
  const to = from + Number(limit);
  return {
    ok: true,
    messages: messages.slice(from, to).map(({ ts, text, user, bot_id, metadata, streaming_state }) => ({
      ts,
      text,
      ...(user === undefined ? {} : { user }),
      ...(streaming_state === undefined ? {} : { streaming_state }),
      ...(bot_id === undefined ? {} : { bot_id }),
      ...(metadata === undefined || include_all_metadata !== "true" ? {} : { metadata }),
    })),
    has_more: to < messages.length,
    response_metadata: { next_cursor: to < messages.length ? String(to) : "" },
  };
}
