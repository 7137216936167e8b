"""The routes of batches: many files in one request, all accepted or none."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import IO, Annotated

from fastapi import APIRouter, File, Path, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from app.api.acceptance import accept_files
from app.api.bodies_as_files import JsonFile, JsonRequest, JsonRoute, read_json
from app.api.deps import AskedJob, State, TenantName
from app.api.forms import CHECKED_FORM_OF_FILES
from app.api.job_models import BatchView
from app.api.waiting import AskedKey
from app.jobs.request import JobRequest

router = APIRouter()
json_router = APIRouter(route_class=JsonRoute)

_Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
# As many as one request may make.
_MAX_DOCUMENTS = 10_000


class EarlierFile(BaseModel):
    """A file that the tenant sent before and that is still kept, by the hash of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    file_name: str | None = None


class JsonBatch(JsonRequest):
    """Files, here in base64 or sent before, and what is asked of each."""

    documents: tuple[EarlierFile | JsonFile, ...] = Field(min_length=1, max_length=_MAX_DOCUMENTS)


_JSON_BODY = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["schema", "documents"],
                    "properties": {
                        "schema": {"type": ["string", "object"]},
                        "documents": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": _MAX_DOCUMENTS,
                            "items": {
                                "type": "object",
                                "description": "`document_sha256` of an earlier file, or `content`, base64.",
                            },
                        },
                    },
                }
            }
        }
    }
}


@json_router.post("/v1/batches", include_in_schema=False)
async def create_batch_from_json(
    request: Request, state: State, tenant: TenantName, key: AskedKey
) -> Response:
    """Keep files that stand in a JSON document, or that were sent before, as jobs of one batch."""
    text = await request.body()

    def read() -> tuple[JobRequest, Sequence[tuple[IO[bytes] | str, str | None]]]:
        body = read_json(JsonBatch, text)
        sources = [(_source_of(file, n), file.file_name) for n, file in enumerate(body.documents)]
        return body.to_request(state, tenant), sources

    asked, sources = await state.lookups.run(read)
    return await accept_files(state, tenant, asked, sources, key=key)


def _source_of(file: EarlierFile | JsonFile, index: int) -> IO[bytes] | str:
    if isinstance(file, JsonFile):
        return BytesIO(file.to_bytes("documents", index))
    return file.document_sha256


@router.post(
    "/v1/batches",
    status_code=202,
    response_model=BatchView,
    dependencies=[CHECKED_FORM_OF_FILES],
    openapi_extra=_JSON_BODY,
)
async def create_batch(
    file: Annotated[list[UploadFile], File(description="May be sent many times.")],
    asked: AskedJob,
    state: State,
    tenant: TenantName,
    key: AskedKey,
) -> Response:
    """Keep several files as jobs of one batch; before it is answered, all of them are durable, or none."""
    sources = [(one.file, one.filename) for one in file]
    return await accept_files(state, tenant, asked, sources, key=key)


@router.get("/v1/batches/{batch_id}")
async def batch(batch_id: _Id, state: State, tenant: TenantName) -> BatchView:
    """Say how many files of a batch are in which status."""
    return BatchView.of(await state.lookups.run(lambda: state.jobs.find_batch(tenant, batch_id)))
