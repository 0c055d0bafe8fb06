-- Sums over what rows say; those of older rows are filled in after this.

ALTER TABLE records ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
