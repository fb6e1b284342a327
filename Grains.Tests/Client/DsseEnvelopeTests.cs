using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Statements;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Signed envelopes, by the example of DSSE's protocol.md, version 1.0.</summary>
public sealed class DsseEnvelopeTests : IDisposable
{
    private const string Type = "http://example.com/HelloWorld";
    private readonly TemporaryDirectory _directory = new();

    private static ECDsa Example() => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new()
        {
            X = Bytes("46950820868899156662930047687818585632848591499744589407958293238635476079160"),
            Y = Bytes("5640078356564379163099075877009565129882514886557779369047442380624545832820"),
        },
    });

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void PreAuthenticationEncoding_IsThatOfTheProtocol() => Assert.Equal(
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
        Encoding.UTF8.GetString(DsseEnvelope.PreAuthenticationEncoding(Type, "hello world"u8.ToArray())));

    [Theory]
    [InlineData("A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==", true)]
    [InlineData("A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F-FnZ-O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA", true)]
    [InlineData("B3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==", false)]
    public void Signature_OfTheProtocolsExample_Holds_InBothAlphabetsOfBase64(string signature, bool holds)
    {
        var envelope = DsseEnvelope.Read(
            $$"""{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "{{Type}}", "signatures": [{"sig": "{{signature}}"}]}""");
        using var key = Example();

        Assert.Equal("hello world", Encoding.UTF8.GetString(envelope.Payload));
        Assert.Equal(holds, envelope.IsSignedBy(key));
    }

    [Fact]
    public void OwnSignature_Holds_AndNotOfAnythingElse()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = Example();
        var read = DsseEnvelope.Read(DsseEnvelope.Sign(Type, [1, 2, 3], key).Write());

        Assert.True(read.IsSignedBy(key));
        Assert.False(read.IsSignedBy(other));
        Assert.False((read with { Payload = [1, 2, 4] }).IsSignedBy(key));
        Assert.False((read with { PayloadType = Type + "s" }).IsSignedBy(key));
        Assert.Equal(SigningKey.IdOf(key), Assert.Single(read.Signatures).KeyId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "t"}""")]
    [InlineData("""{"payload": "?", "payloadType": "t", "signatures": []}""")]
    [InlineData("""{"payload": "", "payload": "", "payloadType": "t", "signatures": []}""")]
    public void Text_ThatIsNoEnvelope_IsRefused(string text) =>
        Assert.Contains("found no DSSE envelope", Assert.Throws<FormatException>(() => DsseEnvelope.Read(text)).Message);

    [Fact]
    public void NewKey_IsItsOwnersAlone_AndReplacesNone()
    {
        string path = _directory.File("me.pem");

        SigningKey.Create(path);

        using var own = SigningKey.Read("--key", path, isPrivate: true);
        using var half = SigningKey.Read("--public-key", SigningKey.PublicOf(path), isPrivate: false);
        Assert.Equal(SigningKey.IdOf(own), SigningKey.IdOf(half));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Contains("name a file that does not exist", Assert.Throws<ClientException>(() => SigningKey.Create(path)).Message);
        Assert.Contains(
            "expected a private key of ECDSA over P-256",
            Assert.Throws<ClientException>(() => SigningKey.Read("--key", SigningKey.PublicOf(path), isPrivate: true)).Message);
    }

    private static byte[] Bytes(string number) =>
        BigInteger.Parse(number, CultureInfo.InvariantCulture).ToByteArray(isUnsigned: true, isBigEndian: true) is { Length: 32 } whole
            ? whole : [0, .. BigInteger.Parse(number, CultureInfo.InvariantCulture).ToByteArray(isUnsigned: true, isBigEndian: true)];
}
