/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The assembler takes the page in as it is: that needs no other tool, no generated C for the compiler to read, and no
 * escaping that could go wrong. The Makefile tells it where (-Wa,-I).
 */
#include "render/html_page.h"

__asm__(".section .rodata\n"
	".global html_page\n"
	".hidden html_page\n"
	".type html_page, %object\n"
	"html_page:\n"
	"	.incbin \"web/page.html\"\n"
	"	.byte 0\n"
	"	.size html_page, . - html_page\n"
	".previous\n");
