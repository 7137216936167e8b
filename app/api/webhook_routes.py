"""The routes of webhooks: where a tenant is told, and what became of each message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Path, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from app.api.deps import RequestTenant, State
from app.api.json_body import documented, json_body
from app.extraction.options import refuse_truth_value
from app.outbound.addresses import MAX_URL_CHARS
from app.webhooks.signing import make_secret, show_secret
from schemas.service_errors import AddressRefusedError
from storage.webhooks import ALL_EVENTS, Delivery, DeliveryState, Endpoint, EventType, signer_of

router = APIRouter()

_Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_MAX_OVERLAP_HOURS = 24 * 30


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewWebhook(_Body):
    """Where to be told of what; without a URL, the secret is for URLs that requests name."""

    url: Annotated[str, Field(max_length=MAX_URL_CHARS)] | None = None
    event_types: Annotated[tuple[EventType, ...], Field(min_length=1, max_length=16)] = (ALL_EVENTS,)


class Rotation(_Body):
    """How long the old secret still signs beside the new one."""

    overlap_hours: Annotated[float, BeforeValidator(refuse_truth_value)] = Field(
        default=24.0, ge=0, le=_MAX_OVERLAP_HOURS
    )


class Webhook(BaseModel):
    """Where a tenant is told; never its secret."""

    model_config = ConfigDict(frozen=True)

    webhook_id: str
    url: str | None
    event_types: tuple[str, ...]
    is_disabled: bool
    created_at: AwareDatetime

    @classmethod
    def of(cls, endpoint: Endpoint, **secret: str) -> Self:
        """Return what of an endpoint is sent."""
        return cls(
            webhook_id=endpoint.endpoint_id,
            url=endpoint.url,
            event_types=endpoint.event_types,
            is_disabled=endpoint.is_disabled,
            created_at=endpoint.created_at,
            **secret,
        )


class WebhookWithSecret(Webhook):
    """A webhook with the secret that it just got, which is shown this once."""

    secret: str


class WebhookList(BaseModel):
    """A tenant's webhooks, the oldest first."""

    model_config = ConfigDict(frozen=True)

    webhooks: tuple[Webhook, ...]


class WebhookDelivery(BaseModel):
    """A message, and what became of it; `last_status` and `last_error` are of the last attempt."""

    model_config = ConfigDict(frozen=True)

    delivery_id: str
    webhook_id: str
    message_id: str
    url: str
    event_type: str
    state: DeliveryState
    n_attempts: int
    next_attempt_at: AwareDatetime | None
    created_at: AwareDatetime
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> WebhookDelivery:
        """Return what of a delivery is sent."""
        return cls(
            delivery_id=delivery.delivery_id,
            webhook_id=delivery.endpoint_id,
            message_id=delivery.message_id,
            url=delivery.url,
            event_type=delivery.event_type,
            state=delivery.state,
            n_attempts=delivery.n_attempts,
            next_attempt_at=delivery.due_at,
            created_at=delivery.created_at,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
        )


class WebhookDeliveryList(BaseModel):
    """Messages in the order of writing; `next` asks for those that follow, None at the end."""

    model_config = ConfigDict(frozen=True)

    deliveries: tuple[WebhookDelivery, ...]
    next: int | None


@router.post("/v1/webhooks", status_code=201, openapi_extra=documented(NewWebhook))
async def create_webhook(
    body: Annotated[NewWebhook, Depends(json_body(NewWebhook))], state: State, tenant: RequestTenant
) -> WebhookWithSecret:
    """Be told of events at a URL from now on; the answer has the secret that messages are signed with."""
    url = None if body.url is None else state.opener.check(body.url).url
    endpoint = Endpoint(
        endpoint_id=uuid4().hex,
        tenant=tenant.context.name,
        url=url,
        event_types=body.event_types,
        secret=make_secret(),
        created_at=datetime.now(UTC),
    )
    await state.lookups.run(lambda: tenant.webhooks.add(endpoint))
    return WebhookWithSecret.of(endpoint, secret=show_secret(endpoint.secret))


@router.get("/v1/webhooks")
async def webhooks(state: State, tenant: RequestTenant) -> WebhookList:
    """List the webhooks, the oldest first."""
    known = await state.lookups.run(tenant.webhooks.all)
    return WebhookList(webhooks=tuple(map(Webhook.of, known)))


# Before the routes of one webhook, whose id would match "deliveries" too.
@router.get("/v1/webhooks/deliveries")
async def webhook_deliveries(
    state: State,
    tenant: RequestTenant,
    delivery_state: Annotated[DeliveryState | None, Query(alias="state")] = None,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> WebhookDeliveryList:
    """List messages, the oldest first; `state=dead` lists those that were given up."""
    found = await state.lookups.run(
        lambda: tenant.webhooks.deliveries(state=delivery_state, after=after, limit=limit)
    )
    return WebhookDeliveryList(
        deliveries=tuple(map(WebhookDelivery.of, found)),
        next=found[-1].seq if len(found) == limit else None,
    )


@router.get("/v1/webhooks/deliveries/{delivery_id}")
async def webhook_delivery(delivery_id: _Id, state: State, tenant: RequestTenant) -> WebhookDelivery:
    """Return one message, and what became of it."""
    return WebhookDelivery.of(await state.lookups.run(lambda: tenant.webhooks.delivery(delivery_id)))


@router.post("/v1/webhooks/deliveries/{delivery_id}/redeliver", status_code=202)
async def redeliver_webhook(delivery_id: _Id, state: State, tenant: RequestTenant) -> WebhookDelivery:
    """Send a message again, under the same message id."""
    at = datetime.now(UTC)
    return WebhookDelivery.of(await state.lookups.run(lambda: tenant.webhooks.redeliver(delivery_id, at=at)))


@router.get("/v1/webhooks/{webhook_id}")
async def webhook(webhook_id: _Id, state: State, tenant: RequestTenant) -> Webhook:
    """Return one webhook."""
    return Webhook.of(await state.lookups.run(lambda: tenant.webhooks.get(webhook_id)))


@router.delete("/v1/webhooks/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: _Id, state: State, tenant: RequestTenant) -> None:
    """Be told no more, not even of what waits to be sent."""
    await state.lookups.run(lambda: tenant.webhooks.remove(webhook_id))


@router.post("/v1/webhooks/{webhook_id}/rotate", openapi_extra=documented(Rotation))
async def rotate_webhook_secret(
    webhook_id: _Id,
    rotation: Annotated[Rotation, Depends(json_body(Rotation))],
    state: State,
    tenant: RequestTenant,
) -> WebhookWithSecret:
    """Give a webhook a new secret; for a while both sign its messages. A disabled one is told again."""
    secret = make_secret()
    old_until = datetime.now(UTC) + timedelta(hours=rotation.overlap_hours)
    changed = await state.lookups.run(lambda: tenant.webhooks.rotate(webhook_id, secret, old_until=old_until))
    return WebhookWithSecret.of(changed, secret=show_secret(secret))


def webhook_url_of(
    state: State,
    tenant: RequestTenant,
    webhook_url: Annotated[str | None, Form(max_length=MAX_URL_CHARS)] = None,
) -> str | None:
    """Return the URL that is told of a request, checked; None if the request names none.

    Raises
    ------
    AddressRefusedError
        If the service tells no URLs that requests name, or not this one.
    InputError
        If the tenant has no secret for such messages.
    """
    if webhook_url is None:
        return None
    if not state.tells_request_urls:
        raise AddressRefusedError(
            "this service tells no URLs that requests name",
            hint="register it: POST /v1/webhooks; or set RASG_WEBHOOKS__REQUEST_URLS",
        )
    signer_of(tenant.webhooks.all())
    return state.opener.check(webhook_url).url


RequestWebhook = Annotated[str | None, Depends(webhook_url_of)]
