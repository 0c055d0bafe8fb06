# The build context is a toolchain: bin/ and lib/.
ARG SUITE=bookworm
FROM byop-standin/gcc:${SUITE}
COPY . /usr/local/rustup/toolchains/standin/
RUN mkdir -p /usr/local/cargo/bin && chmod -R a+w /usr/local/cargo \
 && ln -s /usr/local/rustup/toolchains/standin/bin/* /usr/local/cargo/bin/
# A mirror may hiccup; a build in a test must not fail for it.
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH \
    CARGO_NET_RETRY=10 CARGO_HTTP_TIMEOUT=10
CMD ["bash"]
