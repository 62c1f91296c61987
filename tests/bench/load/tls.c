// TLS through OpenSSL, if it was there when this was compiled. It encrypts for the measurement;
// whose certificate it is does not matter here.
#include "load.h"
#ifdef WITH_TLS
#include <openssl/ssl.h>

static SSL_CTX *context(void)
{
    static SSL_CTX *made;
    if (!made) {
        made = SSL_CTX_new(TLS_client_method());
        if (!made)
            die("TLS cannot be set up");
        SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    return made;
}

void tls_open(Link *link)
{
    SSL *tls = SSL_new(context());
    if (!tls || !SSL_set_fd(tls, link->fd) || SSL_connect(tls) != 1)
        die("the TLS handshake failed");
    link->tls = tls;
}

void tls_close(Link *link) { SSL_free(link->tls); }

// As recv(2) and send(2): how many bytes, 0 at the end, -1 when there is nothing to do now.
static long outcome(SSL *tls, int result)
{
    if (result > 0)
        return result;
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return -1;
    default:
        return 0;
    }
}

long tls_read(Link *link, void *data, size_t room) { return outcome(link->tls, SSL_read(link->tls, data, (int)room)); }

long tls_write(Link *link, const void *data, size_t count)
{
    return outcome(link->tls, SSL_write(link->tls, data, (int)count));
}
#else
void tls_open(Link *link)
{
    (void)link;
    die("compiled without TLS: OpenSSL's headers were missing (Debian: libssl-dev)");
}
void tls_close(Link *link) { (void)link; }
long tls_read(Link *link, void *data, size_t room)
{
    (void)link, (void)data, (void)room;
    return 0;
}
long tls_write(Link *link, const void *data, size_t count)
{
    (void)link, (void)data, (void)count;
    return 0;
}
#endif
