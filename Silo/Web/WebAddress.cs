using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>Where a silo's web page is, and whether it can be there.</summary>
internal static class WebAddress
{
    /// <summary>The page's address once its server has started; null where there is none.</summary>
    /// <param name="host">The silo.</param>
    /// <param name="settings">What the silo was told.</param>
    public static Uri? Of(IHost host, SiloSettings settings)
    {
        if (host is not WebApplication web)
            return null;
        int port = BindingAddress.Parse(web.Urls.Single()).Port;
        var address = settings.Web.Endpoint.Address;
        // Nobody can go to 0.0.0.0: the address that other silos reach this one at is one of the machine's.
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            address = settings.IPAddress;
        return new($"http://{new IPEndPoint(address, port)}/");
    }

    /// <summary>Looks whether the page can be served: better known before the silo joins its cluster.</summary>
    /// <exception cref="SiloStartException">It cannot.</exception>
    public static void Check(WebSettings web)
    {
        if (!web.IsOn)
            return;
        try
        {
            using var probe = new TcpListener(web.Endpoint);
            probe.Start();
        }
        catch (SocketException exception)
        {
            throw exception.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? Taken(web, exception)
                : new SiloStartException($"http: cannot serve on {web.Endpoint}: {exception.Message}", SiloExitCode.WrongConfiguration, exception);
        }
    }

    /// <summary>Whether somebody took the port after <see cref="Check"/>, so that the server could not start.</summary>
    /// <remarks>Kestrel wraps the exception, and names its address; Orleans throws the same one as it is, of the silo's ports.</remarks>
    public static bool IsTaken(Exception? exception) =>
        exception is IOException { InnerException: AddressInUseException } || (exception is not null && IsTaken(exception.InnerException));

    /// <summary>What is said then.</summary>
    public static SiloStartException Taken(WebSettings web, Exception exception) => new(
        $"http: port {web.Endpoint.Port} of {web.Endpoint.Address} is in use; choose another, or leave it out", SiloExitCode.WrongConfiguration, exception);
}
