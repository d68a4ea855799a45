# SPDX-License-Identifier: Apache-2.0
"""Clicks through the page of report_page.sh: report_page.py BROWSER URL FOLDER_OF_SCREENSHOTS"""

import sys

from chromium import Browser

program, url, folder = sys.argv[1:]
browser = Browser(program)
checks = 0


def check(what, value, wanted):
    global checks
    checks += 1
    if value != wanted:
        browser.screenshot(f"{folder}/failed.png")
        sys.exit(f"{what}: {value!r}, not {wanted!r}")


def names():
    return browser.run("[...document.querySelectorAll('#videos tbody tr')].map(r => r.querySelector('a').textContent)")


def text(selector):
    return browser.run(f"document.querySelector({selector!r}).textContent")


def visible(selector):
    return browser.run(f"document.querySelector({selector!r}).checkVisibility()")


def fits(width):
    check(f"width of the page at {width}", browser.run("document.documentElement.scrollWidth"), width)


browser.open(url)
odd = '"><img src=x onerror=alert(1)><script>alert(2)</script>.mkv'
check("heading", text("h1"), "5 videos")
check("no markup out of names", browser.run("document.querySelectorAll('#videos img, #videos script').length"), 0)
check("order by name", names(), [odd, "c.mkv", "c.mkv", "day 1/a.mkv", "day 1/b.mkv"])
fits(1200)
browser.screenshot(f"{folder}/list.png")

# Sorting, by mouse and by keyboard; filters.
browser.click("#videos th:nth-child(3) button")
check("order by frames", names()[:2], ["day 1/a.mkv", "day 1/b.mkv"])
check("which is announced", browser.run("document.querySelector('th:nth-child(3)').ariaSort"), "descending")
browser.run("document.querySelector('#videos th:nth-child(3) button').focus()")
browser.press("Enter")
check("ascending", names()[-1], "day 1/a.mkv")
browser.click("#filter")
browser.type("DAY")
check("filter", sorted(names()), ["day 1/a.mkv", "day 1/b.mkv"])
check("number", text("#shown"), "2 of 5 videos")
browser.run("document.querySelector('#filter').value = ''; document.querySelector('#filter').dispatchEvent(new Event('input'))")
browser.click("#only")
check("only with problems", sorted(names()), [odd, "c.mkv", "day 1/a.mkv", "day 1/b.mkv"])
browser.click("#only")

# One video.
browser.run("[...document.querySelectorAll('#videos a')].find(a => a.textContent === 'day 1/a.mkv').focus()")
browser.press("Enter")
check("heading of a video", text("#name"), "day 1/a.mkv")
check("focus", browser.run("document.activeElement.id"), "name")
check("list", visible("#overview"), False)
check("stills", browser.run("document.querySelectorAll('#stills img').length"), 6)
browser.run("Promise.all([...document.querySelectorAll('main img')].map(i => { i.loading = 'eager'; return i.decode(); }))")
check("pictures", browser.run("[...document.querySelectorAll('#stills img, #moments img')].every(i => i.naturalWidth === 640)"), True)
kinds = browser.run("[...document.querySelectorAll('#moments button')].map(b => b.dataset.kind)")
check("moments", kinds, ["low_score", "dropout", "break", "damaged", "missing"])
check("curves", browser.run("document.querySelectorAll('#course path.people, #course path.score').length"), 2)
check("tracks", browser.run("new Set([...document.querySelectorAll('#course rect.bar')].map(r => r.getAttribute('y'))).size"), 4)
check("cut", browser.run("document.querySelectorAll('#course line.cut').length"), 1)
check("speed", text("#speed p"), "9.8 s of CPU time · 11.1 people per CPU second · 4.1 frames per CPU second")
height = browser.run("document.documentElement.scrollHeight")
browser.resize(1200, height)
browser.settle()
browser.screenshot(f"{folder}/video.png")
browser.resize(1200, height, dark=True)
browser.settle()
browser.screenshot(f"{folder}/video-dark.png")
browser.resize(1200, 900)

# The slider reads the curves.
browser.run("document.querySelector('#cursor').focus()")
for _ in range(3):
    browser.press("ArrowRight")
check("readout", text("#readout").startswith("0:00.12 · frame 3 · people 3 · score 0.75"), True)

# Moments of one kind; the viewer by keyboard.
browser.click("#kinds button:nth-child(2)")
check("one kind", browser.run("document.querySelectorAll('#moments button').length"), 1)
browser.click("#kinds button:nth-child(1)")
browser.click("#moments li:nth-child(2) button")
check("viewer", browser.run("document.querySelector('#viewer').open"), True)
check("its text", text("#viewer-text"), "Nobody found: 3 frames between frames with people, 0:00.72, frame 18 (2 of 5)")
check("cursor follows", text("#readout").startswith("0:00.72 · frame 18 · people 0"), True)
browser.press("ArrowRight")
check("next", text("#viewer-text").startswith("Track continued by another: track 1, then 9"), True)
browser.screenshot(f"{folder}/viewer.png")
browser.press("Escape")
check("closed", browser.run("document.querySelector('#viewer').open"), False)
check("focus returns", browser.run("document.activeElement.dataset.kind"), "dropout")

# Back and forth, a video with a problem, both themes.
browser.run("history.back()")
browser.settle()
check("back", visible("#overview"), True)
browser.run("[...document.querySelectorAll('#videos a')].find(a => a.textContent.includes('onerror')).click()")
browser.settle()
check("problem", "cannot open" in text("#problems"), True)
check("name as text", text("#name"), odd)
check("no stills", visible("#stills-section"), False)
before = browser.run("getComputedStyle(document.body).backgroundColor")
browser.click("#theme")
check("theme", browser.run("getComputedStyle(document.body).backgroundColor") != before, True)

# A phone.
browser.resize(360, 740)
browser.settle()
fits(360)
browser.click("#back")
fits(360)
browser.screenshot(f"{folder}/phone-list.png")
browser.run("[...document.querySelectorAll('#videos a')].find(a => a.textContent === 'day 1/a.mkv').click()")
browser.settle()
fits(360)
browser.click("#moments li:nth-child(2) button")
fits(360)
browser.screenshot(f"{folder}/phone-viewer.png")
browser.press("Escape")
browser.run("scrollTo(0, document.querySelector('#course').offsetTop - 60)")
browser.settle()
browser.screenshot(f"{folder}/phone-video.png")

check("complaints", browser.complaints(), [])
browser.close()
print(f"{checks} checks")
