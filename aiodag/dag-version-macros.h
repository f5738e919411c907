/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include <glib.h>

#ifndef _DAG_EXTERN
# define _DAG_EXTERN extern
#endif

/* Every public function is marked with the version that it came with; only what is marked is
 * exported.
 */
#define DAG_AVAILABLE_IN_1_0 _DAG_EXTERN
