/** Which devices may connect, as what, and with which tokens. */
export type {
  Approver,
  Arrival,
  Decision,
  DeviceAbout,
  DeviceChange,
  DeviceRole,
  Devices,
  Entrance,
  Grant,
  NodeSurface,
  PairedDevice,
  PairingRequest,
  Proof,
  Surface,
  SurfaceRequest,
} from "./devices.ts";
