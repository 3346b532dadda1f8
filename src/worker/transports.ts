import type { TransportSetting } from "../aws/wire/transport.js";
import { TransportChoice } from "../aws/wire/transport-choice.js";

/** The services that are called for each message, by the names that people know. */
type Service = "SQS" | "DynamoDB";

/** By what each is called. A thread has choices of its own, which begin as the worker's are. */
export type Transports = Readonly<Record<Service, TransportChoice>>;
export type TransportSettings = Readonly<Record<Service, TransportSetting>>;

/** @param onChange told when calls on a service go over to the SDK's client, with what our own wire was told. */
export function transportsOf(
  settings: TransportSettings,
  onChange: (service: Service, refused: unknown) => void,
): Transports {
  const choice = (service: Service) => new TransportChoice(settings[service], (refused) => onChange(service, refused));
  return { SQS: choice("SQS"), DynamoDB: choice("DynamoDB") };
}

/** What a thread that starts now begins with. */
export function settingsOf({ SQS, DynamoDB }: Transports): TransportSettings {
  return { SQS: SQS.setting, DynamoDB: DynamoDB.setting };
}
