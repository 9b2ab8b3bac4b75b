import { fault } from "#protocol";

export interface Credential {
  readonly token?: string;
}

/** What the headers bring: `Authorization: Bearer` or `X-Gateway-Token`. Throws `unauthorized` for what cannot be checked, so that nothing brought is ignored. */
export function readCredential(headers: Headers): Credential {
  const authorization = headers.get("authorization");
  const bearer = authorization === null ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (authorization !== null && bearer === undefined) {
    throw fault.unauthorized({ problem: "The Authorization header must read “Bearer”, then the token" });
  }
  const token = headers.get("x-gateway-token") ?? undefined;
  if (bearer !== undefined && token !== undefined && bearer !== token) {
    throw fault.unauthorized({ problem: "Authorization and X-Gateway-Token bring two different tokens" });
  }
  const brought = bearer ?? token;
  return brought === undefined ? {} : { token: brought };
}
