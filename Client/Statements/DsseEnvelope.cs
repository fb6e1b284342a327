using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Orleans.Tbptt.Client.Statements;

/// <summary>
/// A signed message as DSSE 1.0 has it (https://github.com/secure-systems-lab/dsse): what is signed are the payload's bytes and its type,
/// so that nobody has to agree on a canonical form of JSON.
/// </summary>
/// <param name="PayloadType">What the payload is.</param>
/// <param name="Payload">Its bytes.</param>
/// <param name="Signatures">Its signatures.</param>
internal sealed record DsseEnvelope(string PayloadType, byte[] Payload, IReadOnlyList<DsseSignature> Signatures)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Signs a payload, by ECDSA with SHA-256; the signature is DER, as other programs of in-toto write it.</summary>
    public static DsseEnvelope Sign(string payloadType, byte[] payload, ECDsa key)
    {
        byte[] signature = key.SignData(
            PreAuthenticationEncoding(payloadType, payload), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return new(payloadType, payload, [new(SigningKey.IdOf(key), signature)]);
    }

    /// <summary>Whether one of the signatures is that of a key. Its ID is a hint that nobody has signed, and is not looked at.</summary>
    public bool IsSignedBy(ECDsa key)
    {
        byte[] signed = PreAuthenticationEncoding(PayloadType, Payload);
        return Signatures.Any(one =>
            key.VerifyData(signed, one.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            || key.VerifyData(signed, one.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    /// <summary>What is signed: <c>"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body</c>, lengths in bytes.</summary>
    public static byte[] PreAuthenticationEncoding(string payloadType, byte[] payload)
    {
        string head = string.Create(
            CultureInfo.InvariantCulture, $"DSSEv1 {Encoding.UTF8.GetByteCount(payloadType)} {payloadType} {payload.Length} ");
        return [.. Encoding.UTF8.GetBytes(head), .. payload];
    }

    /// <summary>The envelope as JSON.</summary>
    public string Write()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteBase64String("payload", Payload);
            json.WriteString("payloadType", PayloadType);
            json.WriteStartArray("signatures");
            foreach (var one in Signatures)
            {
                json.WriteStartObject();
                json.WriteString("keyid", one.KeyId);
                json.WriteBase64String("sig", one.Signature);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Reads an envelope.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static DsseEnvelope Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            var root = document.RootElement;
            return new(
                root.GetProperty("payloadType").GetString()!, Decode(root.GetProperty("payload").GetString()!),
                [
                    .. root.GetProperty("signatures").EnumerateArray().Select(one => new DsseSignature(
                        one.TryGetProperty("keyid", out var id) ? id.GetString() ?? "" : "", Decode(one.GetProperty("sig").GetString()!))),
                ]);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException
            or ArgumentNullException or FormatException)
        {
            throw new FormatException("found no DSSE envelope, expected JSON with payloadType, payload and signatures, both in base64",
                exception);
        }
    }

    /// <summary>Both alphabets of RFC 4648, as verifiers must read them, with or without padding.</summary>
    private static byte[] Decode(string text)
    {
        string url = text.Replace('+', '-').Replace('/', '_').TrimEnd('=');
        return Base64Url.DecodeFromChars(url);
    }
}

/// <summary>A signature of an envelope.</summary>
/// <param name="KeyId">A hint at the key; anybody can write anything there.</param>
/// <param name="Signature">The signature.</param>
internal sealed record DsseSignature(string KeyId, byte[] Signature);
