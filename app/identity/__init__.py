"""Who acts, from where, and what he may see.

Begin with `actor` (roles), `scope` (which rows: the one place), `dependencies` (what routers ask for) and
`separation` (what each administrator may use).

A sign-in passes `sign_in_router`, `sign_in`, `lockout` (with `attempts`), `passwords`, `second_factor` (with `totp`,
pure) and `logins`, which makes `tokens` signed by the `keyring` and `refresh_tokens`; a request's token is looked up in
`verified`. Accounts: `accounts`, `approval` (it takes two administrators), `profile`, `account_log`, `views`.

Handhelds: `devices` (the registry), `activation`, `bindings` (who holds which when), `handover`, `lending`,
`conformity` (pure), `notices`. Limits come from the rule book by `policy`; `sealed` names the encrypted columns.
"""
