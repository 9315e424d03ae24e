"""The fields of requests and answers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_TEXTS_IN_REQUEST = 128  # Largest number of texts in a request.


LONGEST_TEXT = 10_000  # Largest number of characters in a text.


Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Query(BaseModel):
    """One text, or a list of texts."""

    model_config = ConfigDict(extra="forbid", strict=True)
    text: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS_IN_REQUEST)] = Field(
        examples=["Greetings from the Empire State Building"]
    )


class FoundEntity(BaseModel):
    """An entity. Its text is `text[start:end]`. Positions count characters (Unicode code points)."""

    type: str
    text: str
    start: int
    end: int
    confidence: float = Field(description="Probability of the entity", ge=0, le=1)


class Result(BaseModel):
    """A text and its entities, from left to right."""

    text: str
    entities: list[FoundEntity]
    error: str | None = Field(default=None, description="Why there are no entities. It is left out if all is well")


class Answer(BaseModel):
    """One result for each text, in the order of the texts."""

    results: list[Result]


class Problem(BaseModel):
    """The reason why a request was not answered."""

    detail: str


class Health(BaseModel):
    """The state of the server."""

    status: str


class Model(BaseModel):
    """The labels, the entity types and the card of the model, what runs it, and which entities are kept."""

    labels: list[str]
    types: list[str]
    min_confidence: dict[str, float] = Field(
        description="Least confidence of each type, below which entities are left out; empty if none is"
    )
    backend: str = Field(description="Library that runs the model")
    precision: str = Field(description="Number format of the model, such as fp32")
    card: str = Field(description="Model card in Markdown")
