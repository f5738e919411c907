/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-queue-private.h"
#include "dag-runner.h"

G_BEGIN_DECLS

typedef struct _DagPull DagPull;

struct _DagRunner
{
  GObject     parent_instance;

  DagQueue   *queue;     /* (owned): const */
  GObject    *target;    /* (owned): const */
  char       *property;  /* (owned): const */

  DagItem     item;
  gint        woken;     /* atomic: the item is in the queue, which has a reference for that */

  /* Under the lock */
  GMutex      lock;
  GHashTable *waits;     /* (element-type gint64 DagRunnerWait): neither is owned */

  /* The owning context */
  DagPull    *pull;      /* (unowned) (nullable): the innermost */
  GQueue      mail;      /* (element-type DagMail) (owned) */
  gboolean    reports_early;
};

void dag_runner_post (DagRunner *self,
                      gint64     id,
                      DagTask   *task);

G_END_DECLS
