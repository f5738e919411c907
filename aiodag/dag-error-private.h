/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-error.h"

G_BEGIN_DECLS

GError *dag_error_new_cycle (GPtrArray  *tasks,
                             const char *message);
void    dag_error_weaken    (GError     *error);

void      dag_error_set_subject (GError       *error,
                                 GObject      *subject);
GObject  *dag_error_get_subject (const GError *error);

G_END_DECLS
