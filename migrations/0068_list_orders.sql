-- SPDX-License-Identifier: Apache-2.0
-- Subscribers by the time of their coming, page by page: the id tells those of one moment apart.
CREATE INDEX subscriber_created ON gateway.subscriber (created_at, account_id);
