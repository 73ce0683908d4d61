"""Rows as answers: masked, labelled, with what the rule book says about them."""

from datetime import datetime

from app.identity.accounts import phone_of
from app.identity.activation import Activated, IssuedCode
from app.identity.actor import ROLE_LABELS, Role
from app.identity.conformity import Standard, shortfalls
from app.identity.device_models import DEVICE_STATE_LABELS, Device, DeviceBinding, DeviceState, Ownership
from app.identity.device_schemas import ActivationCodeRead, ActivationRead, BindingRead, DeviceRead
from app.identity.logins import TokenPair
from app.identity.models import Account
from app.identity.schemas import AccountRead, TokenRead
from app.kit.crypto import Vault
from app.kit.masking import mask_phone


def token_read(pair: TokenPair, now: datetime) -> TokenRead:
    """A token pair as OAuth 2.0 words it."""
    return TokenRead(
        access_token=pair.access_token,
        token_type="bearer",  # noqa: S106 - a scheme, not a password
        expires_in=max(0, int((pair.access_expires_at - now).total_seconds())),
        refresh_token=pair.refresh_token,
        limited_to="totp_enrolment" if pair.limited_to else None,
    )


def account_read(account: Account, vault: Vault) -> AccountRead:
    """An account with its phone number masked."""
    phone = phone_of(account, vault)
    return AccountRead(
        id=account.id,
        username=account.username,
        role=Role(account.role),
        role_label=ROLE_LABELS[Role(account.role)],
        area_id=account.area_id,
        county_code=account.county_code,
        display_name=account.display_name,
        phone=mask_phone(phone) if phone else None,
        enabled=account.enabled,
        approved_at=account.approved_at,
        created_at=account.created_at,
        version=account.version,
    )


def device_read(device: Device, standard: Standard) -> DeviceRead:
    """A handheld, measured against the standard of its area."""
    state = DeviceState(device.state)
    missing = shortfalls(standard, device.capabilities, device.android_version, device.app_version)
    return DeviceRead(
        id=device.id,
        county_code=device.county_code,
        area_id=device.area_id,
        serial_no=device.serial_no,
        model=device.model,
        android_version=device.android_version,
        app_version=device.app_version,
        capabilities=device.capabilities,
        shortfalls=missing,
        ownership=Ownership(device.ownership),
        state=state,
        state_label=DEVICE_STATE_LABELS[state],
        registered_at=device.registered_at,
        activated_at=device.activated_at,
        revoked_at=device.revoked_at,
    )


def binding_read(binding: DeviceBinding) -> BindingRead:
    """A binding with its range as two instants."""
    begin = binding.valid.lower
    assert begin is not None  # noqa: S101 - ck_device_binding_valid
    return BindingRead(
        id=binding.id,
        device_id=binding.device_id,
        inspector_id=binding.inspector_id,
        valid_from=begin,
        valid_to=binding.valid.upper,
        returns_to=binding.returns_to,
    )


def code_read(issued: IssuedCode) -> ActivationCodeRead:
    """A code in the clear, for the one who issued it."""
    return ActivationCodeRead.model_validate(issued)


def activation_read(activated: Activated, now: datetime) -> ActivationRead:
    """What an activated handheld is told."""
    return ActivationRead(
        **token_read(activated.tokens, now).model_dump(),
        county_code=activated.county_code,
        device_id=activated.device_id,
        inspector_id=activated.inspector_id,
        binding_id=activated.binding_id,
    )
