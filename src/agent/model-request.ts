import type { ConversationMessage } from "#protocol";
import type { ModelInput, ModelMessage, ModelRequest, ReadPicture, ToolSpec } from "#providers";
import { choosePictures, type Chosen, nothingChosen, pictureTokens } from "./pictures.ts";
import { fitToWindow } from "./window.ts";

export type { ModelInput, ModelRequest, ReadPicture };

/** What a model is given beside the conversation; the same for all the steps of a turn. */
export interface RequestFrame {
  readonly sessionId: string;
  readonly system: string;
  readonly tools: { readonly specs: readonly ToolSpec[] };
  readonly model: {
    readonly id: string;
    readonly contextWindow: number;
    readonly maxTokens: number;
    /** Text alone when nobody says. */
    readonly input?: readonly ModelInput[];
  };
  /** Where the bytes of pictures come from, for who sends the request. */
  readonly readPicture?: ReadPicture;
}

/** What a model is asked with this conversation: the same frame and the same conversation, the same request. */
export function modelRequest(frame: RequestFrame, conversation: readonly ConversationMessage[]): ModelRequest {
  const chosen = frame.model.input?.includes("image") ? choosePictures(conversation) : nothingChosen;
  const extraTokens = (message: ConversationMessage) => (chosen.get(message)?.length ?? 0) * pictureTokens;
  return {
    model: frame.model.id,
    system: frame.system,
    messages: withPictures(fitToWindow(conversation, frame, extraTokens), chosen),
    ...(chosen.size > 0 && frame.readPicture && { readPicture: frame.readPicture }),
    tools: frame.tools.specs,
    maxTokens: frame.model.maxTokens,
    sessionId: frame.sessionId,
  };
}

function withPictures(messages: readonly ConversationMessage[], chosen: Chosen): readonly ModelMessage[] {
  if (!messages.some((message) => message.role === "user" && message.files)) return messages;
  return messages.map((message) => {
    if (message.role !== "user" || !message.files) return message;
    const pictures = chosen.get(message);
    return { role: "user", text: message.text, ...(pictures && { pictures }) };
  });
}
