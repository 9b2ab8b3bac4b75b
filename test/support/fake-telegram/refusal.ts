import type { ResponseParameters } from "grammy/types";

/** An answer of the Bot API that is none of success. */
export class Refusal extends Error {
  readonly code: number;
  readonly parameters: ResponseParameters | undefined;

  constructor(code: number, description: string, parameters?: ResponseParameters) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }

  toResponse(): Response {
    const { code, message: description, parameters } = this;
    return Response.json({ ok: false, error_code: code, description, parameters }, { status: code });
  }
}
