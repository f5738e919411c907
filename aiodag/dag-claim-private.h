/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-limiter.h"

G_BEGIN_DECLS

/* The right to run under some limiters, which one has, waits for, or does not ask for at the
 * moment.
 *
 * A claim remembers by which other one it was made: what runs under that may wait for it. So if there
 * is no slot left it may have that of the nearest claim before it which has one of the limiter, as
 * long as nobody else runs on that.
 */
typedef struct _DagClaim DagClaim;

typedef void (*DagClaimFunc) (GObject *owner);

DagClaim   *dag_claim_new          (GObject    *owner,
                                    DagClaimFunc granted);
DagClaim   *dag_claim_ref          (DagClaim   *self);
void        dag_claim_unref        (DagClaim   *self);

void        dag_claim_set_creator  (DagClaim   *self,
                                    DagClaim   *creator);
void        dag_claim_add_limiter  (DagClaim   *self,
                                    DagLimiter *limiter);
void        dag_claim_clear        (DagClaim   *self);
DagLimiter *dag_claim_get_limiter  (DagClaim   *self);

gboolean    dag_claim_ask          (DagClaim   *self,
                                    int         priority);
gboolean    dag_claim_set_priority (DagClaim   *self,
                                    int         priority);
void        dag_claim_release      (DagClaim   *self);
void        dag_claim_close        (DagClaim   *self);

gboolean    dag_claims_set_limit   (DagLimiter *limiter,
                                    guint       limit);

/* Whether there has ever been a claim: as long as there is none nobody needs to know who has made
 * whom.
 */
extern gint dag_claims_exist;  /* atomic */

G_END_DECLS
