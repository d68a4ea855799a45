/* SPDX-License-Identifier: Apache-2.0 */
/* Software rasteriser of the generator: linear blend skinning, z-buffered triangles with
   a texture and Lambert light, planar shadows, and a background of ground and wall.
   render.py compiles it. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    float r[9];         /* world to camera: x right, y down, z forward */
    float c[3];         /* camera centre, world */
    float f, cx, cy;    /* pixels of the buffer that is drawn to */
} Camera;

typedef struct {
    float dir[3];       /* unit vector towards the light */
    float sun[3];       /* colour of the directional light */
    float sky[3], earth[3]; /* ambient from above and from below */
} Light;

void skin(int nv, int nk, const float *rest, const float *normal, const int16_t *index,
          const float *weight, const float *bone, float *pos, float *nrm)
{
    for (int v = 0; v < nv; ++v) {
        float m[12] = {0};
        for (int k = 0; k < nk; ++k) {
            float w = weight[v * nk + k];
            if (w <= 0) break;
            const float *b = bone + 12 * index[v * nk + k];
            for (int i = 0; i < 12; ++i) m[i] += w * b[i];
        }
        const float *p = rest + 3 * v, *n = normal + 3 * v;
        for (int i = 0; i < 3; ++i)
            pos[3 * v + i] = m[4*i]*p[0] + m[4*i+1]*p[1] + m[4*i+2]*p[2] + m[4*i+3];
        float q[3], l = 1e-12f;
        for (int i = 0; i < 3; ++i) {
            q[i] = m[4*i]*n[0] + m[4*i+1]*n[1] + m[4*i+2]*n[2];
            l += q[i] * q[i];
        }
        l = 1 / sqrtf(l);
        for (int i = 0; i < 3; ++i) nrm[3 * v + i] = q[i] * l;
    }
}

static void project(const Camera *c, const float *p, float *o)
{
    float d[3] = {p[0]-c->c[0], p[1]-c->c[1], p[2]-c->c[2]};
    float x = c->r[0]*d[0] + c->r[1]*d[1] + c->r[2]*d[2];
    float y = c->r[3]*d[0] + c->r[4]*d[1] + c->r[5]*d[2];
    float z = c->r[6]*d[0] + c->r[7]*d[1] + c->r[8]*d[2];
    o[2] = z;
    if (z > 0.05f) {
        o[0] = c->f * x / z + c->cx;
        o[1] = c->f * y / z + c->cy;
    }
}

static inline int clampi(int v, int lo, int hi) { return v < lo ? lo : v > hi ? hi : v; }

/* Draws a mesh. Pixel centres are at integer coordinates. uv in texels. */
void draw(int w, int h, float *zbuf, uint8_t *rgb, uint8_t *who, uint8_t *what,
          const Camera *cam, const Light *light,
          int nv, const float *pos, const float *nrm,
          int nf, const int32_t *face, const int32_t *uvface, const float *uv,
          const uint8_t *part, const uint8_t *tex, int tsize, int id, int twosided, float gloss)
{
    float *s = malloc(sizeof(float) * 3 * (size_t)nv);
    for (int v = 0; v < nv; ++v) project(cam, pos + 3 * v, s + 3 * v);
    for (int t = 0; t < nf; ++t) {
        const int32_t *ix = face + 3 * t;
        const float *a = s + 3*ix[0], *b = s + 3*ix[1], *c = s + 3*ix[2];
        if (a[2] < 0.1f || b[2] < 0.1f || c[2] < 0.1f) continue;
        float area = (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]);
        float flip = 1;
        if (area >= 0) { /* y points down: front faces have a negative area */
            if (!twosided || area == 0) continue;
            flip = -1;
        }
        float x0 = fminf(a[0], fminf(b[0], c[0])), x1 = fmaxf(a[0], fmaxf(b[0], c[0]));
        float y0 = fminf(a[1], fminf(b[1], c[1])), y1 = fmaxf(a[1], fmaxf(b[1], c[1]));
        if (x1 < 0 || y1 < 0 || x0 > w - 1 || y0 > h - 1) continue;
        int ix0 = (int)ceilf(x0), ix1 = (int)floorf(x1), iy0 = (int)ceilf(y0), iy1 = (int)floorf(y1);
        if (ix0 < 0) ix0 = 0;
        if (iy0 < 0) iy0 = 0;
        if (ix1 > w - 1) ix1 = w - 1;
        if (iy1 > h - 1) iy1 = h - 1;
        if (ix0 > ix1 || iy0 > iy1) continue;
        float inv = 1 / area;
        float iz[3] = {1 / a[2], 1 / b[2], 1 / c[2]};
        const float *n0 = nrm + 3*ix[0], *n1 = nrm + 3*ix[1], *n2 = nrm + 3*ix[2];
        const int32_t *ux = uvface + 3 * t;
        const float *u0 = uv + 2*ux[0], *u1 = uv + 2*ux[1], *u2 = uv + 2*ux[2];
        for (int y = iy0; y <= iy1; ++y)
            for (int x = ix0; x <= ix1; ++x) {
                float w0 = ((b[0]-x)*(c[1]-y) - (b[1]-y)*(c[0]-x)) * inv;
                float w1 = ((c[0]-x)*(a[1]-y) - (c[1]-y)*(a[0]-x)) * inv;
                float w2 = 1 - w0 - w1;
                if (w0 < -1e-5f || w1 < -1e-5f || w2 < -1e-5f) continue;
                w0 *= iz[0]; w1 *= iz[1]; w2 *= iz[2];
                float z = 1 / (w0 + w1 + w2);
                size_t p = (size_t)y * w + x;
                if (z >= zbuf[p]) continue;
                zbuf[p] = z;
                w0 *= z; w1 *= z; w2 *= z;
                float n[3];
                for (int i = 0; i < 3; ++i) n[i] = flip * (w0*n0[i] + w1*n1[i] + w2*n2[i]);
                float l = 1 / sqrtf(n[0]*n[0] + n[1]*n[1] + n[2]*n[2] + 1e-12f);
                for (int i = 0; i < 3; ++i) n[i] *= l;
                float d = n[0]*light->dir[0] + n[1]*light->dir[1] + n[2]*light->dir[2];
                float sun = d > 0 ? d : 0;
                float up = 0.5f + 0.5f * n[2];
                float spec = 0;
                if (gloss > 0 && d > 0) {
                    float v[3] = {cam->c[0]-pos[3*ix[0]], cam->c[1]-pos[3*ix[0]+1], cam->c[2]-pos[3*ix[0]+2]};
                    float vl = 1 / sqrtf(v[0]*v[0]+v[1]*v[1]+v[2]*v[2]+1e-12f), hd = 0, hl = 0;
                    for (int i = 0; i < 3; ++i) {
                        float hh = v[i]*vl + light->dir[i];
                        hd += hh * n[i]; hl += hh * hh;
                    }
                    spec = hd > 0 ? hd / sqrtf(hl + 1e-12f) : 0;
                    spec *= spec; spec *= spec; spec *= spec; spec *= spec;
                    spec *= gloss * 60;
                }
                float fu = w0*u0[0] + w1*u1[0] + w2*u2[0], fv = w0*u0[1] + w1*u1[1] + w2*u2[1];
                int iu = clampi((int)fu, 0, tsize - 1), iv = clampi((int)fv, 0, tsize - 1);
                const uint8_t *tx = tex + 3 * ((size_t)iv * tsize + iu);
                for (int i = 0; i < 3; ++i) {
                    float k = light->earth[i] + (light->sky[i]-light->earth[i])*up + light->sun[i]*sun;
                    float col = tx[i] * k + spec * light->sun[i];
                    rgb[3*p+i] = col > 255 ? 255 : (uint8_t)col;
                }
                who[p] = (uint8_t)id;
                what[p] = part ? part[t] : 0;
            }
    }
    free(s);
}

/* The mesh thrown on the ground z = 0 along the light, into a mask. */
void shadow(int w, int h, uint8_t *mask, const Camera *cam, const float *dir,
            int nv, const float *pos, int nf, const int32_t *face)
{
    float *s = malloc(sizeof(float) * 3 * (size_t)nv);
    for (int v = 0; v < nv; ++v) {
        float k = pos[3*v+2] / dir[2];
        if (k < 0) k = 0;
        float q[3] = {pos[3*v] - k*dir[0], pos[3*v+1] - k*dir[1], 0};
        project(cam, q, s + 3*v);
    }
    for (int t = 0; t < nf; ++t) {
        const int32_t *ix = face + 3 * t;
        const float *a = s + 3*ix[0], *b = s + 3*ix[1], *c = s + 3*ix[2];
        if (a[2] < 0.3f || b[2] < 0.3f || c[2] < 0.3f) continue;
        float area = (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]);
        if (area == 0) continue;
        float x0 = fminf(a[0], fminf(b[0], c[0])), x1 = fmaxf(a[0], fmaxf(b[0], c[0]));
        float y0 = fminf(a[1], fminf(b[1], c[1])), y1 = fmaxf(a[1], fmaxf(b[1], c[1]));
        if (x1 < 0 || y1 < 0 || x0 > w - 1 || y0 > h - 1) continue;
        int ix0 = (int)ceilf(fmaxf(x0, 0)), ix1 = (int)floorf(fminf(x1, w - 1));
        int iy0 = (int)ceilf(fmaxf(y0, 0)), iy1 = (int)floorf(fminf(y1, h - 1));
        float inv = 1 / area;
        for (int y = iy0; y <= iy1; ++y)
            for (int x = ix0; x <= ix1; ++x) {
                float w0 = ((b[0]-x)*(c[1]-y) - (b[1]-y)*(c[0]-x)) * inv;
                float w1 = ((c[0]-x)*(a[1]-y) - (c[1]-y)*(a[0]-x)) * inv;
                if (w0 < 0 || w1 < 0 || w0 + w1 > 1) continue;
                mask[(size_t)y * w + x] = 255;
            }
    }
    free(s);
}

static void sample(const uint8_t *tex, int n, int m, float u, float v, float *o)
{
    /* n x m texels, mirrored outside, bilinear */
    float fu = fabsf(fmodf(u, 2.f * n)), fv = fabsf(fmodf(v, 2.f * m));
    if (fu >= n) fu = 2*n - fu;
    if (fv >= m) fv = 2*m - fv;
    fu -= 0.5f; fv -= 0.5f;
    int iu = (int)floorf(fu), iv = (int)floorf(fv);
    float du = fu - iu, dv = fv - iv;
    int i0 = clampi(iu, 0, n-1), i1 = clampi(iu+1, 0, n-1), j0 = clampi(iv, 0, m-1), j1 = clampi(iv+1, 0, m-1);
    for (int i = 0; i < 3; ++i) {
        float a = tex[3*((size_t)j0*n+i0)+i], b = tex[3*((size_t)j0*n+i1)+i];
        float c = tex[3*((size_t)j1*n+i0)+i], d = tex[3*((size_t)j1*n+i1)+i];
        o[i] = (a*(1-du)+b*du)*(1-dv) + (c*(1-du)+d*du)*dv;
    }
}

/* mode 0: the photo at infinity about direction axis (3 x 3: right, down, forward), scale in photo pixels per unit.
   mode 1: ground z = 0 (texels per metre, levels of detail g[0..3], each half of the one before) up to
   a wall at distance wall from the origin along forward, with the photo on it from the ground up. */
void background(int w, int h, float *out, const Camera *cam, int mode,
                const uint8_t *photo, int pw, int ph, const float *axis, float scale, float pcx, float pcy,
                const uint8_t *g0, const uint8_t *g1, const uint8_t *g2, const uint8_t *g3, int gw, int gh,
                float density, float wall, const float *haze, float hazeat)
{
    const uint8_t *g[4] = {g0, g1, g2, g3};
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            float *o = out + 3 * ((size_t)y * w + x);
            float q[3] = {(x - cam->cx) / cam->f, (y - cam->cy) / cam->f, 1}, d[3];
            for (int i = 0; i < 3; ++i) d[i] = cam->r[i]*q[0] + cam->r[3+i]*q[1] + cam->r[6+i]*q[2];
            float rx = axis[0]*d[0] + axis[1]*d[1] + axis[2]*d[2];
            float ry = axis[3]*d[0] + axis[4]*d[1] + axis[5]*d[2];
            float rz = axis[6]*d[0] + axis[7]*d[1] + axis[8]*d[2];
            if (mode == 0) {
                if (rz < 0.05f) rz = 0.05f;
                sample(photo, pw, ph, pcx + scale*rx/rz, pcy + scale*ry/rz, o);
                continue;
            }
            float cf = axis[6]*cam->c[0] + axis[7]*cam->c[1]; /* camera along forward */
            float tw = rz > 1e-4f ? (wall - cf) / rz : 1e9f;
            float tg = d[2] < -1e-5f ? -cam->c[2] / d[2] : 1e9f;
            if (tg < tw) {
                float px = cam->c[0] + tg*d[0], py = cam->c[1] + tg*d[1];
                /* footprint of a pixel on the ground, texels */
                float foot = tg / cam->f * density / fmaxf(0.15f, -d[2] / sqrtf(d[0]*d[0]+d[1]*d[1]+d[2]*d[2]));
                float lv = foot > 1 ? log2f(foot) * 0.8f : 0;
                int l = clampi((int)lv, 0, 3);
                float k = density / (1 << l);
                float c0[3], c1[3];
                sample(g[l], gw >> l, gh >> l, px*k + 5000, py*k + 5000, c0);
                int l1 = l < 3 ? l + 1 : 3;
                sample(g[l1], gw >> l1, gh >> l1, px*density/(1<<l1) + 5000, py*density/(1<<l1) + 5000, c1);
                float m = lv - l;
                if (m > 1) m = 1;
                float a = hazeat > 0 ? 1 - expf(-tg / hazeat) : 0;
                for (int i = 0; i < 3; ++i) o[i] = (c0[i]*(1-m) + c1[i]*m)*(1-a) + haze[i]*a;
            } else {
                float lat = axis[0]*(cam->c[0]+tw*d[0]) + axis[1]*(cam->c[1]+tw*d[1]);
                float z = cam->c[2] + tw*d[2];
                sample(photo, pw, ph, pcx + scale*lat, ph - scale*z, o);
            }
        }
}

/* Box filter by 2, with coverage: rgb over the background. */
void resolve(int w, int h, const uint8_t *rgb, const uint8_t *who, const float *back, float *acc, float weight)
{
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            size_t a = (size_t)(2*y) * (2*w) + 2*x, q[4] = {a, a + 1, a + 2*w, a + 2*w + 1};
            size_t o = 3 * ((size_t)y * w + x);
            int n = (who[q[0]] != 0) + (who[q[1]] != 0) + (who[q[2]] != 0) + (who[q[3]] != 0);
            for (int k = 0; k < 3; ++k) {
                float s = (4 - n) * back[o+k];
                for (int i = 0; i < 4; ++i) s += who[q[i]] ? rgb[3*q[i]+k] : 0;
                acc[o+k] += 0.25f * weight * s;
            }
        }
}
