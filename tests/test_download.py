import hashlib
import http.server
import json
import threading

import pytest
from workflows import copy_checkout, planned, snakemake

from nri.data.download import DownloadError, content_hash, download, read_checksums

TEXT = b"1\r\nroot 0 0 0 0 0 0\r\n" * 500


@pytest.fixture
def server():
    """A server whose `answers` are (status, body, announced length), taken in turn."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests.append((self.path, self.headers["User-Agent"]))
            status, body, length = self.server.answers.pop(0)
            self.send_response(status)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.requests = [], []
    server.url = f"http://127.0.0.1:{server.server_port}/subjects/1/1_01.amc"
    server.address = server.url.removeprefix("http://")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("nri.data.download.PAUSE", 0.001)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def ok(body=TEXT):
    return 200, body, len(body)


def test_pinned_file_arrives_byte_for_byte(server, tmp_path):
    server.answers = [ok()]
    output = tmp_path / "deep" / "1_01.amc"
    download(server.url, output, content_hash(TEXT))
    assert output.read_bytes() == TEXT
    ((path, agent),) = server.requests
    assert path == "/subjects/1/1_01.amc"
    assert "Neural Relational Inference" in agent


@pytest.mark.parametrize("bad", [(503, b"busy", 4), (429, b"", 0), (200, TEXT[:100], len(TEXT))])
def test_failing_and_cut_transfers_are_tried_again(server, tmp_path, bad):
    server.answers = [bad, bad, ok()]
    download(server.url, tmp_path / "a", content_hash(TEXT))
    assert (tmp_path / "a").read_bytes() == TEXT
    assert len(server.requests) == 3


def test_it_gives_up_politely(server, tmp_path):
    server.answers = [(500, b"", 0)] * 9
    with pytest.raises(DownloadError, match="4 attempts failed") as error:
        download(server.url, tmp_path / "a")
    assert server.url in str(error.value)
    assert "MIRROR/" + server.address in str(error.value)
    assert len(server.requests) == 4


def test_truncated_for_good(server, tmp_path):
    server.answers = [(200, TEXT[:100], len(TEXT))] * 4
    with pytest.raises(DownloadError, match="IncompleteRead"):
        download(server.url, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_not_found_is_not_asked_twice(server, tmp_path):
    server.answers = [(404, b"", 0)] * 2
    with pytest.raises(DownloadError, match="404") as error:
        download(server.url, tmp_path / "a")
    assert server.url in str(error.value)
    assert "mirror" in str(error.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "example.org/a",
        "file:///etc/hostname",
        "http://[::1/a",
        "http://127.0.0.1:port/a",
        "http://127.0.0.1/ä",
        "http://127.0.0.1/a b",
    ],
)
def test_what_is_no_address_is_refused_at_once(tmp_path, url, caplog):
    with pytest.raises(DownloadError, match="mirror") as error:
        download(url, tmp_path / "a")
    assert url in str(error.value)
    assert not caplog.records


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(
    server, tmp_path, monkeypatch, announced
):
    monkeypatch.setattr("nri.data.download.LARGEST", len(TEXT) - 1)
    server.answers = [(200, TEXT, len(TEXT) if announced else None)]
    with pytest.raises(DownloadError, match=f"more than the limit of {len(TEXT) - 1} bytes"):
        download(server.url, tmp_path / "a")
    (tmp_path / server.address).parent.mkdir(parents=True)
    (tmp_path / server.address).write_bytes(TEXT)
    with pytest.raises(DownloadError, match=f"more than the limit of {len(TEXT) - 1}"):
        download(server.url, tmp_path / "a", None, tmp_path)
    assert not (tmp_path / "a").exists()


def test_wrong_content_is_refused(server, tmp_path):
    output = tmp_path / "a"
    output.write_bytes(b"old")
    server.answers = [ok(b"<html>moved</html>")]
    expected = content_hash(TEXT)
    with pytest.raises(DownloadError) as error:
        download(server.url, output, expected)
    found = hashlib.sha256(b"<html>moved</html>").hexdigest()
    for part in (server.url, expected, found, "mirror: MIRROR", "config/checksums"):
        assert part in str(error.value)
    assert output.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [output]


def test_unpinned_file_is_taken_with_a_warning(server, tmp_path, caplog):
    server.answers = [ok()]
    download(server.url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == TEXT
    assert f"{content_hash(TEXT)}  {server.address}" in caplog.text


def test_mirror(tmp_path):
    url, address = "http://example.org/x/a.amc", "example.org/x/a.amc"
    mirror, output = tmp_path / "mirror", tmp_path / "out"
    with pytest.raises(DownloadError, match="mirror: null"):
        download(url, output, None, mirror)
    (mirror / "example.org/x").mkdir(parents=True)
    (mirror / address).write_bytes(TEXT)
    download(url, output, content_hash(TEXT), mirror)
    assert output.read_bytes() == TEXT
    with pytest.raises(DownloadError, match=str(mirror / address)):
        download(url, output, "0" * 64, mirror)


def test_line_ends_of_texts_do_not_count():
    assert content_hash(b"a\r\nb\r\n") == content_hash(b"a\nb\n") == _sha(b"a\nb\n")
    assert content_hash(b"a\nb\n") != content_hash(b"a\nb")
    assert content_hash(b"\0a\r\n") == _sha(b"\0a\r\n")


def _sha(content):
    return hashlib.sha256(content).hexdigest()


def test_checksum_files(tmp_path):
    path = tmp_path / "pins.txt"
    path.write_text(f"# comment\n\n{'A' * 64}  host/a\n{'b' * 64}  host/b\n")
    assert read_checksums([path]) == {"host/a": "a" * 64, "host/b": "b" * 64}
    for digest in ("abc", "g" * 64, "é" * 64):
        path.write_text(f"# comment\n{digest}  host/a\n", encoding="utf-8")
        with pytest.raises(ValueError, match=r"pins\.txt:2: expected"):
            read_checksums([path])


def test_a_checksum_file_in_another_encoding_is_named_with_the_line(tmp_path):
    path = tmp_path / "pins.txt"
    path.write_bytes(f"{'a' * 64}  host/a\n{'b' * 64}  host/é\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"pins\.txt:2: .*save the file as UTF-8"):
        read_checksums([path])


def test_pins_agree_with_the_recordings(data_dir, repository):
    pins = read_checksums((repository / "config/checksums").glob("*.txt"))
    folder = "mocap.cs.cmu.edu/subjects/35"
    for name, raw in (
        ("35.asf", "2a8e2eda3c0d7d828566b2a9a8ab36b2b8b3864110574e8b73c8f069fded416c"),
        ("35_01.amc", "0743f4ea48e7e199cd56b2810b5ce81f8ede08d32ff79aa4e363c44cc4fe33aa"),
    ):
        content = (data_dir / "mirror" / folder / name).read_bytes()
        assert _sha(content) == raw
        assert content_hash(content) == pins[f"{folder}/{name}"]
    files = sorted((data_dir / "mirror" / folder).iterdir())
    assert {f"{folder}/{file.name}" for file in files} <= pins.keys()
    for file in files:
        assert content_hash(file.read_bytes()) == pins[f"{folder}/{file.name}"]


def test_a_download_depends_on_its_own_pin_and_any_path_of_a_mirror_works(repository, tmp_path):
    checkout, directory = copy_checkout(repository, tmp_path / "checkout"), tmp_path / "run"
    mirror = tmp_path / "it's a $(mirror)"
    (mirror / "example.org").mkdir(parents=True)
    (mirror / "example.org/a.txt").write_bytes(TEXT)
    pins = checkout / "config/checksums/own.txt"
    pins.write_text(f"{content_hash(TEXT)}  example.org/a.txt\n")
    (tmp_path / "mirror.json").write_text(json.dumps({"mirror": str(mirror)}))
    target = ("results/downloads/example.org/a.txt", "--configfile", tmp_path / "mirror.json")
    snakemake(checkout, directory, *target)
    assert (directory / target[0]).read_bytes() == TEXT
    (checkout / "config/checksums/more.txt").write_text(f"{'b' * 64}  example.org/b.txt\n")
    pins.write_text(f"# pinned\n{pins.read_text()}")
    assert planned(checkout, directory, *target) == {}
    pins.write_text(f"{'a' * 64}  example.org/a.txt\n")
    assert len(planned(checkout, directory, *target)) == 1
