import type { Approver, Arrival, DeviceAbout, DeviceRole, Proof } from "#devices";
import { allScopes, permits, type Scope } from "#protocol";
import { expect, test } from "bun:test";
import { arrivalOf, deviceId, DeviceHouse, holder, linux } from "../support/device-house.ts";
import { dice } from "../support/dice.ts";

const names = ["a", "b", "c"] as const;
const roles: readonly DeviceRole[] = ["operator", "operator", "node"];
const darwin: DeviceAbout = { ...linux, platform: "darwin" };

interface GrantModel {
  scopes: Set<Scope>;
  token?: string | undefined;
  isRevoked: boolean;
}

/** What may be true at most: who was given what by somebody who had it, and which token each grant has. */
class Model {
  readonly grants = new Map<string, GrantModel>();
  readonly platforms = new Map<string, string>();
  readonly codes = new Map<
    string,
    { readonly role: DeviceRole; readonly scopes: readonly Scope[]; readonly endsAt: number }
  >();
  readonly deadTokens: { readonly name: string; readonly role: DeviceRole; readonly token: string }[] = [];

  active(name: string, role: DeviceRole): GrantModel | undefined {
    const grant = this.grants.get(`${name} ${role}`);
    return grant?.isRevoked ? undefined : grant;
  }

  isRevoked(name: string, role: DeviceRole): boolean {
    return this.grants.get(`${name} ${role}`)?.isRevoked ?? false;
  }

  /** What the device has of its own, over all roles. */
  all(name: string): Scope[] {
    return (["operator", "node"] as const).flatMap((role) => [...(this.active(name, role)?.scopes ?? [])]);
  }

  give(name: string, role: DeviceRole, scopes: readonly Scope[]): void {
    const old = this.active(name, role);
    if (old) for (const scope of scopes) old.scopes.add(scope);
    else this.grants.set(`${name} ${role}`, { scopes: new Set(scopes), isRevoked: false });
  }

  /** The token of a grant is worth nothing from now on. */
  kill(name: string, role: DeviceRole): void {
    const grant = this.grants.get(`${name} ${role}`);
    if (grant?.token) this.deadTokens.push({ name, role, token: grant.token });
    if (grant) grant.token = undefined;
  }
}

function coversAll(held: Iterable<Scope>, wanted: Iterable<Scope>): boolean {
  const set = new Set(held);
  return [...wanted].every((scope) => permits(set, scope));
}

/** Devices come, are approved, rotated, revoked and removed in a random order; after every step the promises are checked. */
async function randomWalk(seed: number): Promise<Set<string>> {
  const roll = dice(seed);
  const model = new Model();
  const met = new Set<string>();
  await using house = new DeviceHouse();
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[roll(list.length)];
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  };
  const someScopes = () => allScopes.filter(() => roll(4) === 0);
  const someApprover = (): Approver => {
    if (roll(4) === 0) return holder(...allScopes);
    return holder(...someScopes(), ...(roll(2) === 0 ? (["operator.pairing"] as const) : []));
  };
  const somePlace = () => ({ name: pick(names), role: pick(roles) });

  function someProof(name: string, role: DeviceRole): Proof {
    const token = model.active(name, role)?.token;
    const dead = model.deadTokens[roll(model.deadTokens.length)]?.token;
    const code = [...model.codes.keys()][roll(model.codes.size)];
    const proofs: Proof[] = [
      { by: "sharedSecret", isLocal: true },
      { by: "sharedSecret", isLocal: false },
      { by: "nothing", isLocal: false },
      { by: "deviceToken", token: token ?? dead ?? "none" },
      { by: "deviceToken", token: dead ?? "none" },
      { by: "setupCode", code: code ?? "none" },
    ];
    return pick(proofs);
  }

  async function enter(): Promise<void> {
    const { name, role } = somePlace();
    const asked = role === "operator" ? someScopes() : [];
    const about = roll(5) === 0 ? darwin : linux;
    const arrival = arrivalOf(name, { role, scopes: asked, about, proof: someProof(name, role) });
    const entrance = await house.devices.enter(arrival);
    met.add(`${arrival.proof.by} ${entrance.entered ? "entered" : entrance.because}`);
    if (!entrance.entered) return;
    justify(name, arrival);
    model.platforms.set(name, about.platform);
    const grant = model.active(name, role);
    if (!grant) throw new Error(`${name} has entered without a grant`);
    expect([...entrance.scopes].toSorted()).toEqual(asked.toSorted());
    expect(coversAll(grant.scopes, entrance.scopes)).toBe(true);
    const token = entrance.token.reveal();
    expect(grant.token ?? token, "one token for each grant").toBe(token);
    expect(model.deadTokens.map((dead) => dead.token)).not.toContain(token);
    grant.token = token;
  }

  /** Why it was let in; and what it has got by that. */
  function justify(name: string, { role, scopes, about, proof }: Arrival): void {
    const grant = model.active(name, role);
    const isSameMachine = (model.platforms.get(name) ?? about.platform) === about.platform;
    const isCovered = grant !== undefined && coversAll(grant.scopes, scopes) && isSameMachine;
    if (proof.by === "setupCode") {
      const code = model.codes.get(proof.code);
      expect(code, "a code that was made and not used").toBeDefined();
      expect(code?.role).toBe(role);
      expect(code?.endsAt).toBeGreaterThan(house.clock.now());
      expect(model.isRevoked(name, role) || !isSameMachine).toBe(false);
      model.codes.delete(proof.code);
      model.give(name, role, code?.scopes ?? []);
      return;
    }
    if (proof.by === "deviceToken") {
      expect(isCovered).toBe(true);
      expect(grant?.token).toBe(proof.token);
      return;
    }
    if (isCovered) return;
    expect(proof.isLocal && house.autoApproveLocal && !model.isRevoked(name, role), `${name} was let in`).toBe(true);
    model.give(name, role, scopes);
  }

  async function approve(): Promise<void> {
    const requests = await house.devices.requests();
    const request = requests[roll(requests.length)];
    if (!request) return;
    const by = someApprover();
    const decision = await house.devices.approve(request.requestId, by);
    met.add(`approve ${decision.done ? "done" : decision.because}`);
    const name = names.find((each) => deviceId(each) === request.deviceId) ?? "";
    const isOther = (model.platforms.get(name) ?? request.about.platform) !== request.about.platform;
    const handed = isOther ? [...request.scopes, ...model.all(name)] : request.scopes;
    expect(decision.done).toBe(coversAll(by.scopes, ["operator.pairing", ...handed]));
    if (!decision.done) return;
    model.give(name, request.role, request.scopes);
    model.platforms.set(name, request.about.platform);
  }

  async function rotate(): Promise<void> {
    const { name, role } = somePlace();
    const [by, wanted] = [someApprover(), roll(2) === 0 ? someScopes() : undefined];
    const grant = { deviceId: deviceId(name), role, ...(wanted && { scopes: wanted }) };
    const decision = await house.devices.rotate(grant, by);
    met.add(`rotate ${decision.done ? "done" : decision.because}`);
    if (!decision.done) return;
    const old = model.active(name, role);
    expect(coversAll(by.scopes, ["operator.pairing", ...(old?.scopes ?? [])])).toBe(true);
    expect(coversAll(old?.scopes ?? [], decision.value.grant.scopes)).toBe(true);
    model.kill(name, role);
    model.grants.set(`${name} ${role}`, {
      scopes: new Set(decision.value.grant.scopes),
      token: decision.value.token.reveal(),
      isRevoked: false,
    });
  }

  async function revoke(): Promise<void> {
    const { name, role } = somePlace();
    const by = someApprover();
    const decision = await house.devices.revoke({ deviceId: deviceId(name), role }, by);
    met.add(`revoke ${decision.done ? "done" : decision.because}`);
    const grant = model.grants.get(`${name} ${role}`);
    if (!decision.done || !grant) return;
    expect(coversAll(by.scopes, ["operator.pairing", ...grant.scopes])).toBe(true);
    model.kill(name, role);
    grant.isRevoked = true;
  }

  async function remove(): Promise<void> {
    const name = pick(names);
    const by = someApprover();
    const decision = await house.devices.remove(deviceId(name), by);
    met.add(`remove ${decision.done ? "done" : decision.because}`);
    if (!decision.done) return;
    expect(coversAll(by.scopes, ["operator.pairing", ...model.all(name)])).toBe(true);
    for (const role of ["operator", "node"] as const) {
      model.kill(name, role);
      model.grants.delete(`${name} ${role}`);
    }
    model.platforms.delete(name);
  }

  async function makeCode(): Promise<void> {
    const [role, scopes, by] = [pick(roles), someScopes(), someApprover()];
    const decision = await house.devices.makeSetupCode({ role, scopes }, by);
    const given = role === "operator" ? scopes : [];
    expect(decision.done).toBe(coversAll(by.scopes, ["operator.pairing", ...given]));
    met.add(`code ${decision.done ? "done" : decision.because}`);
    if (!decision.done) return;
    const { code, expiresAt } = decision.value;
    model.codes.set(code.reveal(), { role, scopes: given, endsAt: expiresAt });
  }

  async function lookAround(): Promise<void> {
    const there = new Map<string, Scope[]>();
    for (const device of await house.devices.paired()) {
      const name = names.find((each) => deviceId(each) === device.deviceId) ?? "";
      for (const grant of device.grants)
        if (grant.revokedAt === undefined) there.set(`${name} ${grant.role}`, [...grant.scopes].toSorted());
      expect(device.about.platform).toBe(model.platforms.get(name) ?? "");
    }
    const active = [...model.grants].filter(([, grant]) => !grant.isRevoked);
    expect(there).toEqual(new Map(active.map(([place, grant]) => [place, [...grant.scopes].toSorted()])));
    for (const { name, role, token } of model.deadTokens.slice(-5)) {
      const proof = { by: "deviceToken", token } as const;
      const about = model.platforms.get(name) === "darwin" ? darwin : linux;
      expect(await house.devices.enter(arrivalOf(name, { role, scopes: [], about, proof }))).toEqual({
        entered: false,
        because: "wrongToken",
      });
    }
  }

  const actions = [enter, enter, enter, enter, approve, approve, rotate, revoke, remove, makeCode];
  for (let step = 0; step < 120; step++) {
    house.clock.pass(roll(30_000));
    house.autoApproveLocal = roll(5) !== 0;
    if (roll(25) === 0) await house.restart();
    await pick(actions)();
    await lookAround();
  }
  return met;
}

test("in any order, authority comes from who held it, and no dead token opens anything", async () => {
  const met = new Set<string>();
  for (let seed = 1; seed <= 15; seed++) {
    try {
      for (const what of await randomWalk(seed)) met.add(what);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  const outcomes = {
    approve: ["beyondApprover", "done"],
    code: ["beyondApprover", "done"],
    deviceToken: ["approvalNeeded", "entered", "scopeTooWide", "wrongToken"],
    nothing: ["approvalNeeded", "entered"],
    remove: ["beyondApprover", "done", "unknown"],
    revoke: ["beyondApprover", "done", "unknown"],
    rotate: ["beyondApprover", "done", "unknown"],
    setupCode: ["approvalNeeded", "entered", "scopeTooWide", "wrongSetupCode"],
    sharedSecret: ["approvalNeeded", "entered"],
  };
  const all = Object.entries(outcomes).flatMap(([what, ends]) => ends.map((end) => `${what} ${end}`));
  expect([...met].toSorted(), "every outcome was met").toEqual(all);
}, 60_000);
