using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>The address of a silo's web page, and whether it is available.</summary>
internal static class WebAddress
{
    /// <summary>The page's address once its server has started; null where there is none.</summary>
    /// <param name="host">The silo.</param>
    /// <param name="settings">The silo's settings.</param>
    public static Uri? Of(IHost host, SiloSettings settings)
    {
        if (host is not WebApplication web)
            return null;
        int port = BindingAddress.Parse(web.Urls.Single()).Port;
        var address = settings.Web.Endpoint.Address;
        // 0.0.0.0 cannot be connected to: use the address at which other silos reach this one.
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            address = settings.IPAddress;
        return new($"http://{new IPEndPoint(address, port)}/");
    }

    /// <summary>Checks, before the silo joins its cluster, whether the page can be served.</summary>
    /// <exception cref="SiloStartException">The page cannot be served.</exception>
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
                ? PortInUse(web, exception)
                : new SiloStartException($"http: cannot serve on {web.Endpoint}: {exception.Message}", SiloExitCode.WrongConfiguration,
                    exception);
        }
    }

    /// <summary>Whether the port was taken after <see cref="Check"/>, so that the server could not start.</summary>
    /// <remarks>Kestrel wraps the exception and names its address; Orleans throws it unwrapped for the silo's ports.</remarks>
    public static bool IsPortInUse(Exception? exception) =>
        exception is IOException { InnerException: AddressInUseException }
            || (exception is not null && IsPortInUse(exception.InnerException));

    /// <summary>The error to report then.</summary>
    public static SiloStartException PortInUse(WebSettings web, Exception exception) => new(
        $"http: port {web.Endpoint.Port} of {web.Endpoint.Address} is in use; choose another, or omit it", SiloExitCode.WrongConfiguration,
        exception);
}
