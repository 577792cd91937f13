"""The course as static pages that need neither kernel nor network nor server.

`build` writes them; `notebook_page` runs a lesson and makes a page of it; `assets` are the scripts and styles that all
pages share; `page.js` plays the kernel's part in a page.
"""
