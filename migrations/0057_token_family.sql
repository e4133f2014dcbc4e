-- SPDX-License-Identifier: Apache-2.0
-- A token that takes another one's place is of its family: Idempotency-Keys are the family's (token_id of gateway.idempotent_request is
-- the family's id), so that a rotation between a request and its repetition repeats nothing.
ALTER TABLE gateway.api_token ADD family_id uuid;
UPDATE gateway.api_token SET family_id = token_id;
-- The default is for nodes of before, while a fleet changes over.
ALTER TABLE gateway.api_token ALTER family_id SET NOT NULL, ALTER family_id SET DEFAULT gen_random_uuid();
