import { inboxOf, REPORT_ROOT, REQUEST_ROOT } from '@espalier/api';
import type { Permissions, UserPermissionsLimits } from '@nats-io/jwt';

/** The one stream; its name is part of the permissions. */
export const STREAM = 'ESPALIER';

/** The tag of an attempt's user that names its namespace. */
export const NAMESPACE_TAG = 'namespace';
export const CONTROLLER_NAME = 'controller';

/** The longest message a trainer may send; equal to the longest line of a report file. */
export const MAX_MESSAGE_BYTES = 1 << 20;

/**
 * What every user may do that the trainers' signing key signs: its own subjects and its own inbox.
 * The server fills in name and namespace from the user's JWT, so no user needs rules of its own.
 */
export const TRAINER_TEMPLATE: Partial<UserPermissionsLimits> = {
  pub: {
    allow: [
      `${REPORT_ROOT}.{{tag(${NAMESPACE_TAG})}}.{{name()}}.*`,
      `${REQUEST_ROOT}.{{tag(${NAMESPACE_TAG})}}.{{name()}}`,
    ],
  },
  sub: { allow: [`${inboxOf('{{name()}}')}.>`] },
  subs: 10,
  payload: MAX_MESSAGE_BYTES,
  allowed_connection_types: ['STANDARD'],
};

const JETSTREAM = '$JS.API';

/** What the controller may do; nothing that could reach another stream, or change the server. */
export const CONTROLLER_PERMISSIONS: Permissions = {
  pub: {
    allow: [
      `${JETSTREAM}.INFO`,
      ...['INFO', 'CREATE', 'UPDATE', 'PURGE'].map(
        (verb) => `${JETSTREAM}.STREAM.${verb}.${STREAM}`,
      ),
      ...['CREATE', 'INFO', 'DELETE'].map((verb) => `${JETSTREAM}.CONSUMER.${verb}.${STREAM}.>`),
      `${JETSTREAM}.CONSUMER.MSG.NEXT.${STREAM}.>`,
      // The answers to trainers. Where they may go is checked for each request.
      '_INBOX.>',
    ],
  },
  sub: { allow: [`${REQUEST_ROOT}.>`, `${inboxOf(CONTROLLER_NAME)}.>`] },
};
