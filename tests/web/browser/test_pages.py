"""Each page of `sorby app` does its job."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect

PAGES = ["images", "choose", "correct", "train", "results"]
LONG_MS = 180_000
N_PLATES = 12


@pytest.fixture(scope="session")
def study_once(tmp_path_factory, truth):
    """Fewer plates: steps here look at all of them."""
    return truth.make_study(tmp_path_factory.mktemp("few"), N_PLATES)


def go(page, server, name):
    """Load a page anew."""
    page.goto("about:blank")
    page.goto(f"{server.origin}/#/{name}")


def cell(page, image, title):
    """Cell of the images' table."""
    table = page.get_by_role("grid", name="Images and their conditions")
    titles = [text.split("\n")[0] for text in table.locator("thead th").all_inner_texts()]
    row = table.locator("tr", has=page.get_by_text(image, exact=True))
    return row.get_by_role("gridcell").nth(titles.index(title))


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_there_after_a_reload(page, server, name):
    go(page, server, name)
    page.reload()
    link = page.get_by_role("navigation", name="Pages").locator("a[aria-current=page]")
    expect(link).to_contain_text(name.capitalize())
    expect(page.locator("main")).not_to_be_empty()


# -------------------------------------------------------------------------- images


def test_a_typed_scale_survives_a_reload(page, server):
    go(page, server, "images")
    page.get_by_role("button", name="Table").click()
    cell(page, "plate03", "Scale").dblclick()
    page.keyboard.type("0.75")
    with page.expect_response("**/api/fields/plate03"):
        page.keyboard.press("Enter")
    page.reload()
    page.get_by_role("button", name="Table").click()
    expect(cell(page, "plate03", "Scale")).to_have_text("0.75")


def test_a_scale_that_cannot_be_is_refused_with_the_reason(page, server, watch):
    watch.expect("status of 422")
    go(page, server, "images")
    page.get_by_role("button", name="Table").click()
    before = cell(page, "plate04", "Scale").inner_text()
    cell(page, "plate04", "Scale").dblclick()
    page.keyboard.type("-3")
    page.keyboard.press("Enter")
    expect(page.locator(".toast.error")).to_contain_text("-3")
    expect(cell(page, "plate04", "Scale")).to_have_text(before)
    page.locator(".toast.error").get_by_role("button").click()


def test_a_value_typed_once_goes_to_all_selected_rows(page, server):
    go(page, server, "images")
    page.get_by_role("button", name="Table").click()
    cell(page, "plate06", "Alloy").click()
    cell(page, "plate08", "Alloy").click(modifiers=["Shift"])
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".table-note")).to_contain_text("4 rows")
    page.keyboard.type("In718")
    page.keyboard.press("Enter")
    for number in range(6, 10):
        expect(cell(page, f"plate{number:02}", "Alloy")).to_have_text("In718")
    for image in ("plate05", "plate10"):
        expect(cell(page, image, "Alloy")).to_have_text("–")
    page.keyboard.press("Escape")
    expect(page.locator(".table-note")).to_have_count(0)
    page.keyboard.press("Delete")  # the focus has stayed: of one row now
    expect(cell(page, "plate09", "Alloy")).to_have_text("–")
    expect(cell(page, "plate08", "Alloy")).to_have_text("In718")


def test_a_block_of_a_spreadsheet_is_pasted(page, server):
    go(page, server, "images")
    page.get_by_role("button", name="Table").click()
    cell(page, "plate05", "Power").click()
    page.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true });
            document.activeElement.dispatchEvent(paste);
        }""",
        "211\t901\n212\t902",
    )
    expect(cell(page, "plate05", "Power")).to_have_text("211")
    expect(cell(page, "plate06", "Speed")).to_have_text("902")


def drop(page, *files):
    """Let files fall on the page."""
    data = page.evaluate_handle(
        """(files) => {
            const data = new DataTransfer();
            for (const [name, bytes] of files)
                data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            return data;
        }""",
        [[name, list(content)] for name, content in files],
    )
    for event in ("dragover", "drop"):
        page.dispatch_event(".drop-zone", event, {"dataTransfer": data})


def png(pixels):
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def test_dropped_files_become_images_and_twins(page, server, truth):
    go(page, server, "images")
    page.locator(".card").first.wait_for()
    polished, etched = truth.plate(70), 255 - truth.plate(70)
    drop(page, ("drop_polished.png", png(polished)), ("drop_etched.png", png(etched)))
    card = page.locator(".card", has_text="drop_polished")
    card.wait_for()
    expect(card.get_by_title("Polished and etched")).to_be_visible()


def test_a_file_that_is_no_image_is_refused_with_its_name(page, server):
    go(page, server, "images")
    page.locator(".card").first.wait_for()
    drop(page, ("notes.png", b"this is no image"))
    error = page.locator(".toast.error")
    expect(error).to_contain_text("notes.png")
    error.get_by_role("button").click()


def with_bar(pixels):
    """A micrograph with a burned-in scale bar of 100 px; its words are too small to be read."""
    picture = Image.fromarray(pixels)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((205, 205, 315, 235), fill=0)
    pen.rectangle((210, 226, 309, 229), fill=255)
    pen.text((235, 208), "50 µm", fill=255, font=ImageFont.load_default(14))
    return np.asarray(picture)


def test_a_scale_bar_is_confirmed_in_one_click(page, server, truth):
    go(page, server, "images")
    page.locator(".card").first.wait_for()
    drop(page, ("bar.png", png(with_bar(truth.plate(71)))))
    bars = page.get_by_role("region", name="Scale bars to confirm")
    bars.get_by_label("length").fill("50")  # its length is not written under it
    bars.get_by_role("button", name="Confirm the scale of bar").click()
    expect(bars).to_be_hidden()
    page.get_by_role("button", name="Table").click()
    page.get_by_label("Find an image").fill("bar")
    expect(cell(page, "bar", "Scale")).to_have_text(re.compile(r"^0\.50\d{0,2}$"))


def test_a_search_shows_what_it_found(page, server):
    go(page, server, "images")
    page.get_by_label("Find an image").fill("plate1")
    expect(page.locator(".card")).to_have_count(2)
    page.get_by_label("Find an image").fill("nothing like it")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".card").first).to_be_visible()


# -------------------------------------------------------------------------- choose


def test_picks_are_suggested_and_overruled(page, server):
    go(page, server, "choose")
    page.get_by_role("button", name="Make the map").click()
    suggestion = page.get_by_role("form", name="Suggestion")
    suggestion.get_by_label("Images").fill("3")
    suggestion.get_by_role("button", name="Suggest").click(timeout=LONG_MS)
    picks = page.get_by_role("region", name="Picks").get_by_role("listitem")
    expect(picks).to_have_count(3, timeout=LONG_MS)
    names = [text.split("\n")[0] for text in picks.all_inner_texts()]
    page.get_by_role("button", name=f"Do not pick {names[0]}").click()
    expect(picks).to_have_count(2)
    other = page.locator("[role=option][aria-label*=', pool,']").first
    name = other.get_attribute("aria-label").split(",")[0]
    other.focus()
    page.keyboard.press(" ")
    expect(picks).to_have_count(3)
    page.reload()
    expect(picks).to_have_count(3)
    assert name in " ".join(picks.all_inner_texts())
    assert names[0] not in " ".join(picks.all_inner_texts())


def test_a_point_shows_its_image(page, server):
    go(page, server, "choose")
    page.locator("[role=option]").first.hover()
    expect(page.locator(".tip img")).to_be_visible()


# -------------------------------------------------------------------------- results


def test_results_lead_to_the_image_and_back(page, server):
    go(page, server, "correct/plate07")
    page.locator(".correct-card").first.wait_for()
    go(page, server, "results")
    page.get_by_role("button", name="Measure").click()
    table = page.get_by_role("grid", name="Defects")
    table.wait_for(timeout=LONG_MS)
    expect(page.get_by_text("up to date")).to_be_visible(timeout=LONG_MS)
    page.get_by_label("Image", exact=True).select_option("plate07")
    rows = table.locator("tbody tr[aria-rowindex]")
    expect(rows).to_have_count(12)
    rows.nth(3).get_by_role("gridcell").first.click()
    page.get_by_role("link", name="Open in the editor").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("plate07")
    go(page, server, "images")
    page.get_by_label("Find an image").fill("plate07")
    page.get_by_role("link", name="Measured defects of plate07").click()
    expect(rows).to_have_count(12)


def test_the_report_is_downloaded(page, server):
    go(page, server, "results")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report").click()
    text = download.value.path().read_text()
    assert "plate07" in text and text.lstrip().lower().startswith("<!doctype html")


def test_effort_of_corrections_is_shown(page, server, fresh_names, truth):
    screen = truth.Screen(page, server, "plate08").open()
    screen.click(*truth.centres[0])
    with screen.gesture("accept"):
        screen.press("a")
    go(page, server, "results/effort")
    table = page.get_by_role("grid", name="Effort by image")
    expect(table.locator("tbody tr", has_text="plate08")).to_be_visible()


# -------------------------------------------------------------------------- train


def finish(page, server, truth, name):
    """Accept an image as it is."""
    screen = truth.Screen(page, server, name).open()
    screen.press("Enter")
    page.get_by_role("button", name="Accept the rest, image done").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(name)


def test_a_model_is_trained_stopped_compared_and_promoted(page, server, truth):
    for number in range(2, 6):
        finish(page, server, truth, f"plate{number:02}")
    go(page, server, "train")
    models = page.get_by_role("grid", name="Models").locator("tbody tr[aria-rowindex]")
    page.get_by_role("button", name="Train a model").click()
    running = page.get_by_role("region", name="Training")
    expect(running.get_by_label("Loss").first).to_be_visible(timeout=LONG_MS)  # the live curve
    running.get_by_role("button", name="Stop, keep the best").click()
    expect(models).to_have_count(1, timeout=LONG_MS)
    models.get_by_role("button", name="Use").click()
    page.get_by_role("dialog").get_by_role("button", name="Use model 1").click()
    expect(models.first).to_contain_text("in use")
    finish(page, server, truth, "plate06")
    go(page, server, "train")
    page.get_by_role("button", name="Train the next model").click()
    page.get_by_role("button", name="Stop, keep the best").click(timeout=LONG_MS)
    expect(models).to_have_count(2, timeout=LONG_MS)
    expect(models.filter(has_text="in use")).to_contain_text("1")  # nothing is promoted by itself
    promote = page.get_by_role("button", name="Promote model 2")
    expect(page.get_by_text("Defects gained")).to_be_visible(timeout=LONG_MS)
    promote.click()
    expect(models.filter(has_text="in use")).to_contain_text("2")
