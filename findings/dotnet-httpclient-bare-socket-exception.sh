#!/usr/bin/env bash
# .NET 10: HttpClient throws a bare SocketException where a server ends a connection right after it accepted it.
#
# Guess: a request that fails because of the connection throws an HttpRequestException, which has the SocketException inside; so the
# documentation of SendAsync says, and so retries are written.
# Found: some of such connections (seen: the 2nd, the 160th, 2 of 3,000) end between connecting and HttpClient's look at its remote end
# point. That look is not within the conversion of errors: a SocketException, "NotConnected", leaves SendAsync as it is. Code that catches
# HttpRequestException alone ends by it, for instance while a server is restarted.
#
# Needs: .NET 10 SDK. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
cat >probe.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Net;
using System.Net.Sockets;

Console.WriteLine(Environment.Version);
using var listener = new TcpListener(IPAddress.Loopback, 0);
listener.Start(100);
_ = Task.Run(async () =>
{
    while (true)
    {
        using Socket socket = await listener.AcceptSocketAsync();
        socket.LingerState = new(true, 0);
    }
});
int wrapped = 0;
while (wrapped < 60_000)
{
    using var http = new HttpClient();
    try
    {
        await http.GetAsync($"http://{listener.LocalEndpoint}/");
    }
    catch (HttpRequestException)
    {
        wrapped++;
    }
    catch (SocketException exception)
    {
        Console.WriteLine($"request {wrapped + 1}: a bare SocketException, {exception.SocketErrorCode}; before it {wrapped} HttpRequestException");
        return 0;
    }
}

Console.WriteLine($"changed: {wrapped} requests threw HttpRequestException, none a bare SocketException");
return 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
./out/probe
