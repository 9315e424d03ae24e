"""What requests hold and what answers hold."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_TEXTS_IN_REQUEST = 128  # of a request


LONGEST_TEXT = 10_000  # characters


Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Query(BaseModel):
    """One text, or a list of texts."""

    model_config = ConfigDict(extra="forbid", strict=True)
    text: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS_IN_REQUEST)] = Field(
        examples=["Greetings from the Empire State Building"]
    )


class FoundEntity(BaseModel):
    """`text[start:end]`, counted in characters (Unicode code points)."""

    type: str
    text: str
    start: int
    end: int
    confidence: float = Field(description="the probability of the tag of its least sure word", ge=0, le=1)


class Result(BaseModel):
    """A text and its entities, left to right."""

    text: str
    entities: list[FoundEntity]


class Answer(BaseModel):
    """A result for each text, in the order of the texts."""

    results: list[Result]


class Problem(BaseModel):
    """What was wrong with a request."""

    detail: str


class Health(BaseModel):
    """Whether requests are answered."""

    status: str


class Model(BaseModel):
    """What the model is."""

    labels: list[str]
    types: list[str]
    card: str = Field(description="the model card, Markdown")
