/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-call.h"

G_BEGIN_DECLS

void dag_argument_get_number (const DagArgument *argument,
                              GValue            *value);

G_END_DECLS
