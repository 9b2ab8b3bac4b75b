/**
 * Every failure that was planned for, one line each: the number a JSON-RPC client sees (the reserved codes of the
 * specification's section 5.1, then the server-error range), the HTTP status, whether trying again may help, and one
 * sentence for a person. `{name}` in a sentence is filled from the fault's data.
 */
const table = {
  parseError: { rpc: -32700, status: 400, retryable: false, says: "This is not valid JSON: {problem}." },
  invalidRequest: { rpc: -32600, status: 400, retryable: false, says: "This is not a valid request: {problem}." },
  methodNotFound: { rpc: -32601, status: 404, retryable: false, says: "There is no method “{method}”." },
  invalidParams: { rpc: -32602, status: 400, retryable: false, says: "{path}: {problem}." },
  internal: { rpc: -32603, status: 500, retryable: false, says: "Something broke on our side (incident {incident})." },
  unauthorized: { rpc: -32001, status: 401, retryable: false, says: "{problem}." },
  missingScope: { rpc: -32002, status: 403, retryable: false, says: "This needs the scope {scope}." },
  wrongRole: { rpc: -32025, status: 403, retryable: false, says: "“{method}” is not for the role {role}." },
  beyondCaller: { rpc: -32024, status: 403, retryable: false, says: "This would give more than the caller may give." },
  deviceNotFound: { rpc: -32022, status: 404, retryable: false, says: "There is no paired device “{device}”." },
  pairingNotFound: {
    rpc: -32023,
    status: 404,
    retryable: false,
    says: "There is no request “{request}”; it was answered, or nobody answered in time.",
  },
  lockedOut: {
    rpc: -32003,
    status: 429,
    retryable: true,
    says: "Too many wrong attempts; try again in {seconds} seconds.",
  },
  sessionNotFound: { rpc: -32004, status: 404, retryable: false, says: "There is no session “{key}”." },
  sessionChanged: {
    rpc: -32021,
    status: 409,
    retryable: false,
    says: "The session “{key}” is another one by now; read it again and repeat the change.",
  },
  channelNotFound: {
    rpc: -32005,
    status: 404,
    retryable: false,
    says: "There is no channel “{channel}”; the channels are: {known}.",
  },
  agentNotFound: {
    rpc: -32051,
    status: 404,
    retryable: false,
    says: "There is no agent “{agent}”; there is {known}.",
  },
  accountNotFound: {
    rpc: -32050,
    status: 404,
    retryable: false,
    says: "The settings have no such account of “{channel}” ({account}).",
  },
  replayFailed: {
    rpc: -32055,
    status: 409,
    retryable: false,
    says: "It could not be taken again: {problem}. It is kept.",
  },
  queueFull: {
    rpc: -32006,
    status: 429,
    retryable: true,
    says: "{problem}; nothing was taken, so send it again later.",
  },
  runNotFound: { rpc: -32008, status: 404, retryable: false, says: "There is no active run “{run}”." },
  idempotencyConflict: {
    rpc: -32009,
    status: 409,
    retryable: false,
    says: "The idempotency key “{key}” was used with another request.",
  },
  configInvalid: { rpc: -32010, status: 422, retryable: false, says: "{problem}" },
  configConflict: {
    rpc: -32011,
    status: 409,
    retryable: false,
    says: "The configuration changed since it was read; read it again and repeat the change.",
  },
  modelNotFound: { rpc: -32012, status: 404, retryable: false, says: "There is no model “{model}”; {hint}." },
  storageUnavailable: {
    rpc: -32013,
    status: 503,
    retryable: true,
    says: "The storage cannot write now ({problem}); nothing was taken.",
  },
  tooLarge: { rpc: -32014, status: 413, retryable: false, says: "{problem}." },
  tooManyRequests: { rpc: -32015, status: 429, retryable: true, says: "{problem}." },
  shuttingDown: { rpc: -32016, status: 503, retryable: true, says: "The gateway is stopping; try again in a moment." },
  storageUnusable: {
    rpc: -32018,
    status: 503,
    retryable: false,
    says: "The storage at {path} cannot be used: {problem}.",
  },
  deliveryFailed: { rpc: -32017, status: 502, retryable: true, says: "The message was not delivered: {problem}." },
  alreadyRunning: {
    rpc: -32020,
    status: 409,
    retryable: false,
    says: "Another gateway (process {pid}) already runs on {home}; stop it, or {advice}.",
  },
  claimLost: {
    rpc: -32040,
    status: 409,
    retryable: false,
    says: "The delivery {id} is not held any more: it was taken over, or it is gone.",
  },
  deadLetterNotFound: {
    rpc: -32041,
    status: 404,
    retryable: false,
    says: "There is no undeliverable message “{id}”.",
  },
  deadLetterDamaged: {
    rpc: -32045,
    status: 409,
    retryable: false,
    says: "The undeliverable message “{id}” is damaged on the disk, so it is not sent; it can be dropped.",
  },
  messageNotFound: { rpc: -32042, status: 404, retryable: false, says: "There is no message or run “{id}”." },
  outcomeUnknown: {
    rpc: -32043,
    status: 409,
    retryable: false,
    says: "This was begun before and nobody knows how it ended ({problem}); look before you do it again.",
  },
  answerNotKept: {
    rpc: -32046,
    status: 409,
    retryable: false,
    says: "What “{key}” asks for was done before; its answer was not kept: {why}.",
  },
  sessionDamaged: {
    rpc: -32044,
    status: 409,
    retryable: false,
    says: "The log of the session “{key}” is damaged at seq {seq}; it is kept as it is, and nothing is added to it. A reset (/new) begins it anew.",
  },
  backupUnusable: { rpc: -32060, status: 422, retryable: false, says: "The backup {file} cannot be used: {problem}." },
  homeNotEmpty: {
    rpc: -32061,
    status: 409,
    retryable: false,
    says: "There is {path} already; --replace puts what is there aside.",
  },
  importRefused: { rpc: -32062, status: 422, retryable: false, says: "The file was not imported: {problem}." },
  cannotListen: { rpc: -32019, status: 503, retryable: false, says: "{problem}." },
  nodeNotFound: { rpc: -32030, status: 404, retryable: false, says: "There is no node “{node}”." },
  nodeNotConnected: { rpc: -32031, status: 503, retryable: true, says: "The node “{node}” is not connected." },
  nodeLeft: {
    rpc: -32032,
    status: 503,
    retryable: false,
    says: "The node “{node}” left before it answered; what it has done is not known.",
  },
  nodeCommandNotAllowed: {
    rpc: -32033,
    status: 403,
    retryable: false,
    says: "The node may not be asked for “{command}”: {reason}.",
  },
  nodeUnapproved: {
    rpc: -32036,
    status: 503,
    retryable: true,
    says: "What this node offers is awaiting operator approval.",
  },
  nodeTimedOut: {
    rpc: -32034,
    status: 504,
    retryable: false,
    says: "The node “{node}” did not answer within {timeoutMs} ms.",
  },
  nodeFailed: { rpc: -32035, status: 502, retryable: false, says: "The node could not do it: {nodeCode}: {problem}." },
} as const satisfies Record<string, FaultKind>;

interface FaultKind {
  readonly rpc: number;
  readonly status: number;
  readonly retryable: boolean;
  readonly says: string;
}

export type FaultCode = keyof typeof table;
export type FaultData = Readonly<Record<string, string | number>>;

/** The `{names}` in a fault's sentence, which its data must bring. */
type Blanks<Says extends string> = Says extends `${string}{${infer Name}}${infer Rest}` ? Name | Blanks<Rest> : never;
type DataOf<Code extends FaultCode> = Record<Blanks<(typeof table)[Code]["says"]>, string | number> & FaultData;

/** A planned failure on its way to a border, where it becomes an answer. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly data: FaultData;

  constructor(code: FaultCode, data: FaultData, cause?: unknown) {
    super(fill(table[code].says, data), cause === undefined ? undefined : { cause });
    this.code = code;
    this.data = data;
  }

  get rpc(): number {
    return table[this.code].rpc;
  }

  get status(): number {
    return table[this.code].status;
  }

  get isRetryable(): boolean {
    return table[this.code].retryable;
  }
}

type Makers = { readonly [Code in FaultCode]: (data: DataOf<Code>, cause?: unknown) => Fault };

/** `throw fault.sessionNotFound({ key })` */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets which keys it was given
export const fault = Object.fromEntries(
  faultCodes().map((code) => [code, (data: FaultData, cause?: unknown) => new Fault(code, data, cause)]),
) as unknown as Makers;

/** The whole table, for the generated reference. */
export const faults: Readonly<Record<FaultCode, FaultKind>> = table;

export function faultCodes(): FaultCode[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table is closed
  return Object.keys(table) as FaultCode[];
}

/** What is filled in at the end may bring a full stop or a question mark of its own; then it gets no second one. */
function fill(says: string, data: FaultData): string {
  const filled = says.replaceAll(/\{(\w+)\}/g, (_blank, name: string) => String(data[name] ?? ""));
  return filled.replace(/([.?!…])\.$/, "$1");
}
