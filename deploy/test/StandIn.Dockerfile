# Stand-ins for the images that docker-compose.yml and deploy/Dockerfile name, built from a Debian root file system and this machine's programs:
# the same users, paths and entry points, as far as the test depends on them.
FROM tbptt-test/debian AS debian

FROM debian AS runtime
ENV APP_UID=1654 DOTNET_RUNNING_IN_CONTAINER=true
RUN useradd --uid $APP_UID --create-home app
COPY dotnet/runtime /usr/share/dotnet
RUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet

FROM runtime AS aspnet
COPY dotnet/aspnet /usr/share/dotnet

FROM aspnet AS sdk
COPY dotnet/sdk /usr/share/dotnet
# This machine's access to packages: its certificates and its NuGet configuration.
COPY certificates /etc/ssl/certs
COPY NuGet.Config /root/.nuget/NuGet/NuGet.Config
ARG NUGET_CERT_REVOCATION_MODE
ENV NUGET_CERT_REVOCATION_MODE=$NUGET_CERT_REVOCATION_MODE SSL_CERT_DIR=/etc/ssl/certs

FROM debian AS redis
RUN mkdir -p /data && chown redis:redis /data
WORKDIR /data
CMD ["redis-server"]

FROM debian AS prometheus
COPY prometheus /bin/prometheus
RUN ln -s /bin/busybox /usr/bin/wget && mkdir /prometheus && chown nobody: /prometheus
USER nobody
ENTRYPOINT ["/bin/prometheus"]
