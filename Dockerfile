# The server of an exported model, without PyTorch and not as root:
#   docker build -t nerpipe .
#   docker run --rm -p 8000:8000 -v "$PWD/models/exported:/model:ro" nerpipe
FROM python:3.11-slim
RUN useradd --create-home --uid 10001 nerpipe
WORKDIR /app
COPY requirements/serve.txt requirements/
RUN pip install --no-cache-dir --no-deps -r requirements/serve.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --no-deps .
USER nerpipe
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=5)"]
# Options of `nerpipe serve` go behind the name of the image.
ENTRYPOINT ["nerpipe", "serve", "/model", "--host", "0.0.0.0"]
